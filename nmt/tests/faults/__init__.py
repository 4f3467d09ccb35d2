"""What must hold whatever goes wrong, by trying it.

A killed run goes on as if never killed, to the bit on a CPU with the same versions and threads; nothing of it goes
unasked. A stranger's file is read or refused by name, without a crash, in 5 seconds and 1 GB. A download ends in time,
whatever the server does.

Random trials (`-m long`, each kind as many times as NMT_TRIALS says): the last found two faults, mended since, in 9,600
models, 2,815 runs, 520 training states, 3,855 corpora and 1,000 archives.
"""
