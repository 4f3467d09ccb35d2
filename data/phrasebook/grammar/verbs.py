# ruff: noqa: E501 (one entry, one line)
"""Verbs, one a line: English | imperfective | perfective or - | government | subjects | objects | flags.

English: base [past participle] [-ing form] where irregular, then +particle. Russian: principal parts (see
morphology.verb_forms). Government: the case of the object, with its preposition, or - for none; "accs datv" takes
also a recipient. Subjects and objects: classes of nouns, or =lemma. Flags: s state (loves, not is loving);
o state whose past needs "often" (saw, heard); t simple past is perfective (bought: купил, never покупал);
p may take a place (reads in the garden); with:X an instrument of class X; inf may follow "wants to" (default: yes
unless s); noneg never negated.
"""

VERBS = """
*read read read | читать | прочитать прочитаю прочитает | accs | person | text | p
*write wrote written writing | писать пишу пишет | написать напишу напишет | accs | person | written | p
*draw drew drawn | рисовать рисую рисует | нарисовать нарисую нарисует | accs | person | animal plant built dish | p
paint | красить крашу красит | покрасить покрашу покрасит | accs | person | furniture painted_wall =дверь =лодка =крыша =ноготь | p
learn | учить учу учит | выучить выучу выучит | accs | young learner worker | word =стихотворение =песня =правило =слово =буква =язык | p
study studied studied | изучать | изучить изучу изучит | accs | learner worker | subject studied | p
translate | переводить перевожу переводит | перевести переведу переведёт past=перевёл,перевела | accs | worker learner | written =сообщение | p
print | печатать | напечатать | accs | worker parent kin | =отчёт =фотография =список =билет =статья =рассказ | p
*buy bought bought | покупать | купить куплю купит | accs | person | bought | t
sell sold sold | продавать продаю продаёт | продать продам продаст 2sg=продашь 3pl=продадут 1pl=продадим 2pl=продадите | accs | worker kin parent | bought | t
*find found found | находить нахожу находит | найти найду найдёт past=нашёл,нашла | accs | person | small found | t
*lose lost lost losing | терять теряю теряет | потерять потеряю потеряет | accs | person | small | t
*look +for | искать ищу ищет | - | accs | person | small toy =кошка =собака =щенок =котёнок | p
forget forgot forgotten forgetting | забывать | забыть забуду забудет | accs | person | known small | t
remember | помнить помню помнит | - | accs | person | known sung =роман =стихотворение =фильм =сказка | s
*see saw seen | видеть вижу видит | - | accs | person | seen clothes animal person | s o
hear heard heard | слышать слышу слышит past=слышал,слышала | - | accs | person | voice heard sung =дождь =ветер =вопрос | s o
*watch | смотреть смотрю смотрит | посмотреть посмотрю посмотрит | accs | person | watched =пьеса =матч | p
*look +at | смотреть смотрю смотрит | посмотреть посмотрю посмотрит | на accs | person animal | sky animal person =картина =портрет =фотография =карта =часы =цветок =море |
listen +to | слушать | послушать | accs | person | sung heard =рассказ =сказка =учитель =директор =бабушка | p
*love | любить люблю любит | - | accs | person | person food subject pet =чай =кофе =сок =зима =весна =зима | s
like | любить люблю любит | - | accs | person | hobby game =шоколад =мёд =мороженое | s
hate | ненавидеть ненавижу ненавидит | - | accs | person | =война =ветер =дождь =экзамен =каша =математика =физика | s
*know knew known | знать | - | accs | person | known person =буква | s
understand understood understood | понимать | понять пойму поймёт | accs | person | question =вопрос =ответ =правило =слово =текст =план =проблема | s
want | хотеть хочу хочет 1pl=хотим 2pl=хотите 3pl=хотят | - | accs | person | =мороженое =яблоко =кукла =мяч =щенок =котёнок =торт =велосипед =собака =кошка =попугай | s
*eat ate eaten | есть ем ест 2sg=ешь 3pl=едят 1pl=едим 2pl=едите past=ел,ела | съесть съем съест 2sg=съешь 3pl=съедят 1pl=съедим 2pl=съедите past=съел,съела | accs | person | food | p with:eating
*drink drank drunk | пить пью пьёт | выпить выпью выпьет | accs | person | drink | p
*cook | готовить готовлю готовит | приготовить приготовлю приготовит | accs | person | =суп =каша =мясо =рыба =рис =салат =картофель =ужин =обед =завтрак =варенье | p
bake | печь пеку печёт 3pl=пекут past=пёк,пекла | испечь испеку испечёт 3pl=испекут past=испёк,испекла | accs | person | =хлеб =пирог =торт =картофель =рыба | p
cut cut cut cutting | резать режу режет | порезать порежу порежет | accs | person | =хлеб =сыр =мясо =торт =пирог =огурец =помидор =лимон =лук =морковь =яблоко =дыня | with:cutting
*wash | мыть мою моет | вымыть вымою вымоет | accs | person | dish washed fruit =машина =велосипед =пол =собака | p
clean | чистить чищу чистит | почистить почищу почистит | accs | person | vegetable =рыба =ковёр =пальто =сапог =туфля =апельсин =диван =ноготь | p
*repair | чинить чиню чинит | починить починю починит | accs | person | device driven =велосипед =лодка =крыша =стул =стол =ворота =часы =кукла =игрушка =скрипка =зонт =пружина =кран =утюг | p
build built built | строить строю строит | построить построю построит | accs | worker person | built =лодка =корабль =ферма |
break broke broken | ломать | сломать | accs | young person | device furniture =игрушка =кукла =карандаш =зонт =скрипка =гитара =велосипед =ветка =пружина =утюг =кран =клавиша | t
*open | открывать | открыть открою откроет | accs | person | opened =бутылка =книга =тетрадь =шкаф =холодильник =зонт =письмо | t
*close closed closed | закрывать | закрыть закрою закроет | accs | person | opened =книга =тетрадь =шкаф =холодильник =зонт | t
*take took taken | брать беру берёт | взять возьму возьмёт | accs | person | small dish | t
*bring brought brought | приносить приношу приносит | принести принесу принесёт past=принёс,принесла | accs | person | small dish drink food =цветок =роза | t
carry carried carried | нести несу несёт past=нёс,несла | - | accs | person | container small =стул =лампа =щенок =котёнок =ребёнок =цветок | nofreq
*hold held held | держать держу держит | - | accs | person | =зонт =чашка =стакан =цветок =кошка =книга =письмо =мяч =свеча =флаг =ребёнок =сумка =верёвка =ключ =билет =котёнок | p
throw threw thrown | бросать | бросить брошу бросит | accs | young person | =мяч =камень =игрушка =монета =верёвка =лист | t
catch caught caught | ловить ловлю ловит | поймать поймаю поймает | accs | person | =рыба =мяч =птица =лягушка =заяц =кошка =курица =белка =змея =попугай =хомяк | t
feed fed fed | кормить кормлю кормит | накормить накормлю накормит | accs | person | animal =ребёнок =сын =дочь =гость | p
treat | лечить лечу лечит | - | accs | =врач =медсестра =стоматолог =женщина | person animal =зуб |
teach taught taught | учить учу учит | - | accs | =учитель =отец =мать =дедушка =бабушка =писатель | learner young |
*meet met met | встречать | встретить встречу встретит | accs | person | person animal =поезд | t
invite | приглашать | пригласить приглашу пригласит | accs | person | person | t
*help | помогать | помочь помогу поможет 3pl=помогут past=помог,помогла | datv | person | person |
thank | благодарить благодарю благодарит | поблагодарить поблагодарю поблагодарит | accs | person | person |
*visit | навещать | навестить навещу навестит | accs | person | kin parent =бабушка =дедушка =учитель =врач =писатель |
*call | звать зову зовёт | позвать позову позовёт | accs | person | person pet | t
*wait +for | ждать жду ждёт | - | accs | person | person ridden letter | p
wake woke woken +up | будить бужу будит | разбудить разбужу разбудит | accs | person =собака =кошка | person =собака =кошка | t
kiss | целовать целую целует | поцеловать поцелую поцелует | accs | person | kin parent young =женщина =жена =муж =лошадь |
hug hugged hugged hugging | обнимать | обнять обниму обнимет | accs | person | kin parent young pet =женщина =жена =муж |
respect | уважать | - | accs | person | person | s
choose chose chosen | выбирать | выбрать выберу выберет | accs | person | clothes gift =подарок =цветок =книга =кольцо =торт =фильм =машина =костюм | t
try tried tried +on | примерять примеряю примеряет | примерить примерю примерит | accs | person | clothes =кольцо =корона =очки |  dress
wear wore worn | носить ношу носит | - | accs | person | clothes =кольцо =очки | s dress
put put put putting +on | надевать | надеть надену наденет | accs | person | clothes =очки =кольцо =корона | t dress
*take took taken +off | снимать | снять сниму снимет | accs | person | clothes =очки =кольцо =корона | t dress
iron | гладить глажу гладит | погладить поглажу погладит | accs | person | =рубашка =платье =брюки =юбка =костюм =шарф =платок | p
sew sewed sewn | шить шью шьёт | сшить сошью сошьёт past=сшил,сшила | accs | person | =платье =рубашка =юбка =костюм =пальто =шляпа =сумка =брюки  | p
sing sang sung | петь пою поёт | спеть спою споёт | accs | person | sung | p
solve solved solved | решать | решить решу решит | accs | person | solved | p
discuss | обсуждать | обсудить обсужу обсудит | accs | person | discussed watched text =матч viewed | p
explain | объяснять объясняю объясняет | объяснить объясню объяснит | accs | person | =правило =задача =слово =проблема =план =ответ =вопрос =ошибка | t
check | проверять проверяю проверяет | проверить проверю проверит | accs | person | =адрес =билет =паспорт =ответ =отчёт =список =машина =словарь =тетрадь =номер | t
correct | исправлять исправляю исправляет | исправить исправлю исправит | accs | worker learner person | =ошибка =ответ =отчёт =текст =статья | t
count | считать | сосчитать | accs | person | =деньги =монета =книга =ягнёнок =гусь =стул =утка =птица =билет =яйцо =звезда |  plural
hide hid hidden | прятать прячу прячет | спрятать спрячу спрячет | accs | person | small =подарок =шоколад | t
collect | собирать | собрать соберу соберёт past=собрал,собрала | accs | person | =монета =гриб =яблоко =груша =цветок =лист =камень =открытка =картина =кукла |  plural
plant | сажать | посадить посажу посадит | accs | person | =дерево =роза =цветок =дуб =берёза =картофель =лук =куст =морковь |
water | поливать | полить полью польёт | accs | person | plant =сад =трава |
turn +on | включать | включить включу включит | accs | person | =лампа =телевизор =радио =компьютер =телефон =чайник =утюг =свет | t
turn +off | выключать | выключить выключу выключит | accs | person | =лампа =телевизор =радио =компьютер =телефон =чайник =утюг =свет | t
drive drove driven | водить вожу водит | - | accs | person | =машина =автобус =грузовик =такси =поезд =трамвай | s
photograph | фотографировать фотографирую фотографирует | сфотографировать сфотографирую сфотографирует | accs | person | person animal plant built high =море =озеро =остров |
describe | описывать | описать опишу опишет | accs | person | =путешествие =картина =дом =остров =план =свадьба =деревня =море =город =мечта =замок |
receive | получать | получить получу получит | accs | person | letter =подарок =деньги =медаль =ответ =паспорт =новости | t
send sent sent | посылать | послать пошлю пошлёт | accs datv | person | letter =деньги =фотография =книга =подарок =цветок =отчёт | t
give gave given | давать даю даёт | дать дам даст 2sg=дашь 3pl=дадут 1pl=дадим 2pl=дадите | accs datv | person | small dish fruit =молоко =вода =чай =адрес | t
show showed shown | показывать | показать покажу покажет | accs datv | person | small text watched clothes =дорога =дом =комната =город =сад viewed | t
return | возвращать | вернуть верну вернёт | accs datv | person | small =деньги =машина =велосипед | t
offer | предлагать | предложить предложу предложит | accs datv | person | drink fruit =работа =помощь =план =деньги =стул | t
promise | обещать | пообещать | accs datv | person | =подарок =деньги =книга =велосипед =щенок =работа =кукла =помощь | t
tell told told | рассказывать | рассказать расскажу расскажет | accs datv | person | =сказка =секрет =новости =правда | t
believe | верить верю верит | поверить поверю поверит | datv | person | person | s
envy envied envied | завидовать завидую завидует | - | datv | person | person | s
phone | звонить звоню звонит | позвонить позвоню позвонит | datv | person | person |
disturb | мешать | помешать | datv | person animal | person |
smile +at | улыбаться улыбаюсь улыбается | улыбнуться улыбнусь улыбнётся | datv | person | person |
use | пользоваться пользуюсь пользуется | воспользоваться воспользуюсь воспользуется | ablt | person | device tool =словарь =карта =нож =вилка =ручка =лодка =учебник |
be +interested in | интересоваться интересуюсь интересуется | - | ablt | person | subject hobby =политика =язык =футбол =шахматы | be
be +proud of | гордиться горжусь гордится | - | ablt | person | kin parent =сад =дом =школа =работа =машина | be
be +afraid of | бояться боюсь боится | - | gent | person | big_animal =змея =собака =лягушка =экзамен =война =ветер =вода =учитель =директор | be
manage | руководить руковожу руководит | - | ablt | worker | =школа =завод =музей =театр =больница =банк =ферма =магазин =гостиница | s
admire | восхищаться восхищаюсь восхищается | - | ablt | person | =картина =закат =море =актёр =актриса =музыкант =гора =замок =дворец =башня =озеро =поэт =голос | s
enjoy | наслаждаться наслаждаюсь наслаждается | - | ablt | person | =музыка =концерт =погода =жизнь =море =чай =путешествие =книга =кофе =праздник | s
avoid | избегать | - | gent | person | person =вопрос =война =дорога =работа =помощь =проблема |
reach | достигать | достигнуть достигну достигнет past=достиг,достигла | gent | person | =город =река =море =деревня =остров =лес =берег =озеро | t nofreq
think thought thought +about | думать | подумать | о loct | person | person abstract =будущее =работа =жизнь =деньги =дом =здоровье =экзамен =праздник =детство =война =море |
dream +about | мечтать | - | о loct | person | =море =машина =лошадь =щенок =путешествие =дом =велосипед =остров =будущее =гитара =принцесса =праздник |
talk +about | говорить говорю говорит | поговорить поговорю поговорит | о loct | person | work person =погода =работа =фильм =книга =план =футбол =деньги =музыка =война =будущее =урок =роман =путешествие =здоровье | p
argue +about | спорить спорю спорит | поспорить поспорю поспорит | о loct | person | =деньги =политика =футбол =фильм =музыка =правило =план =история =роман | p
care +for | заботиться забочусь заботится | позаботиться позабочусь позаботится | о loct | person | person animal =сад =здоровье |
*write wrote written writing +about | писать пишу пишет | написать напишу напишет | о loct | =писатель =журналист =поэт =студент =ученик =учёный | person animal =война =море =город =музыка =футбол =путешествие =деревня =лес |
*play | играть | сыграть сыграю сыграет | на loct | person | instrument | p
*play | играть | - | в accs | person | game | p
believe +in | верить верю верит | - | в accs | person | =правда =мечта =будущее =сказка | s
knock +on | стучать стучу стучит past=стучал,стучала | постучать постучу постучит past=постучал,постучала | в accs | person | =дверь =окно =ворота =стена |
answer | отвечать | ответить отвечу ответит | на accs | person | question =вопрос =письмо =сообщение =открытка |
laugh +at | смеяться смеюсь смеётся | - | над ablt | person | person =обезьяна =ошибка =щенок =план |
*work +on | работать | - | над ablt | worker | =книга =роман =план =статья =проблема =картина =фильм =отчёт =пьеса =словарь =портрет |
talk +to | говорить говорю говорит | поговорить поговорю поговорит | с ablt | person | person | p
argue +with | спорить спорю спорит | поспорить поспорю поспорит | с ablt | person | person | p
agree +with | соглашаться соглашаюсь соглашается | согласиться соглашусь согласится | с ablt | person | person | t
*play +with | играть | поиграть | с ablt | person pet | toy pet young | p
be +friends with | дружить дружу дружит | - | с ablt | person | person | be
prepare +for | готовиться готовлюсь готовится | подготовиться подготовлюсь подготовится | к datv | person | task event_time =урок =свадьба =концерт =лекция =игра =экзамен =собрание |
get got got getting +used to | привыкать | привыкнуть привыкну привыкнет past=привык,привыкла | к datv | person | =работа =город =погода =школа =очки =дождь =ветер =деревня | t nofreq
*sleep slept slept | спать сплю спит | - | - | person animal | - | p
*work | работать | - | - | worker person | - | p
*rest | отдыхать | отдохнуть отдохну отдохнёт | - | person | - | p
sit sat sat sitting | сидеть сижу сидит | - | - | person animal | - | p
stand stood stood | стоять стою стоит | - | - | person big_animal | - | p
live | жить живу живёт | - | - | person | - | s p off
swim swam swum swimming | плавать | - | - | person | - |
dance | танцевать танцую танцует | - | - | person | - | p
cry cried cried | плакать плачу плачет | - | - | person | - | p
laugh | смеяться смеюсь смеётся | - | - | person | - | p
smile | улыбаться улыбаюсь улыбается | улыбнуться улыбнусь улыбнётся | - | person | - | noneg
*wait | ждать жду ждёт | - | - | person | - | p
walk | гулять гуляю гуляет | погулять погуляю погуляет | - | person pet | - | p
jump | прыгать | - | - | young animal | - |
shout | кричать кричу кричит past=кричал,кричала | - | - | person | - | p
leave left left | уходить ухожу уходит | уйти уйду уйдёт past=ушёл,ушла | - | person | - | t
*come came come | приходить прихожу приходит | прийти приду придёт past=пришёл,пришла | - | person | - | t
get got got getting +dressed | одеваться одеваюсь одевается | одеться оденусь оденется | - | person | - | t
get got got getting +tired | уставать устаю устаёт | устать устану устанет | - | person | - | t
fall fell fallen +asleep | засыпать | заснуть засну заснёт | - | person animal | - | t
wake woke woken +up | просыпаться просыпаюсь просыпается | проснуться проснусь проснётся | - | person animal | - | t
get got got getting +up | вставать встаю встаёт | встать встану встанет | - | person | - | t
arrive | приезжать | приехать приеду приедет | - | person | - | t
appear | появляться появляюсь появляется | появиться появлюсь появится | - | person animal | - | t
disappear | исчезать | исчезнуть исчезну исчезнет past=исчез,исчезла | - | person animal | - | t
train | тренироваться тренируюсь тренируется | - | - | person | - | p
press | нажимать | нажать нажму нажмёт | accs | person | pressed | t
put put put putting | класть кладу кладёт past=клал,клала | положить положу положит | accs | person | thing toy | t into
work +as | работать | - | ablt | person | worker | s off
become became become | становиться становлюсь становится | стать стану станет | ablt | person | worker | t off
"""
