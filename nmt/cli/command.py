"""The parser of one command: flags with - or _, a short help and a full one, and what a typo was meant to be."""

import argparse
import re
from collections.abc import Sequence
from difflib import get_close_matches
from os.path import expanduser


def with_dashes(text: str) -> str:
    """The text with the names of its flags, --batch_size, as the help writes them: --batch-size."""
    return re.sub(r"(?<![\w./-])--\w[\w-]*", lambda flag: flag[0].replace("_", "-"), text)


class Command(argparse.ArgumentParser):
    """`common`: the values whose flags --help and usage name; none: all. A flag that was not said leaves no trace."""

    def __init__(self, prog: str, common: str = "", examples: Sequence[str] = (), **options) -> None:
        self.common, lines = common.split(), ["examples:", *(f"  {prog} {example}".rstrip() for example in examples)]
        lines += ["", f"{prog} --help-all explains all flags."] if common else []
        options |= {"formatter_class": argparse.RawDescriptionHelpFormatter, "argument_default": argparse.SUPPRESS}
        super().__init__(prog, epilog="\n".join(lines), allow_abbrev=False, add_help=False, **options)
        self.add_argument("-h", "--help", action="help", help="explain the common flags")
        self.add_argument("--help-all", action="help", help="explain all flags")

    def parse_known_args(self, args: Sequence[str], namespace: object = None) -> tuple[argparse.Namespace, list[str]]:
        """Nothing may be left over. Exits, with the usage of this command, for what it does not know."""
        for action in self._actions:
            if self.common and action.dest not in self.common and "--help-all" not in args:
                action.help = argparse.SUPPRESS
        args, known = [*args], self._option_string_actions
        for place, word in enumerate(args[: [*args, "--"].index("--")]):
            name = with_dashes(word.partition("=")[0])
            if name.startswith("--") and " " not in name:  # else a value, a sentence
                args[place] = name + word[len(name) :]
                if name not in known:
                    near = get_close_matches(name, known, 1)
                    meant = f"{name}: did you mean {near[0]}? See" if near else f"unexpected argument '{name}'; see"
                    self.error(f"{meant} {self.prog} --help-all")
        given, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unexpected argument '{' '.join(left)}'; see {self.prog} --help-all")
        for action in self._actions:  # the shell leaves ~ alone in --run=~/runs
            value = getattr(given, action.dest, None)
            if isinstance(value, str) and {"DIR", "FILE", "CONFIG"} & set(str(action.metavar).split("|")):
                setattr(given, action.dest, expanduser(value))
        return given, left
