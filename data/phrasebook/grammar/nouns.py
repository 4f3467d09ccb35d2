"""Nouns, one a line: English[/plural] | Russian [flags] | classes.

Flags: m f n gender where the ending does not tell it; b stressed endings; s:X oblique stem; np:X gp:X plural
nominative and genitive; sgent:X … pablt:X any other single form; l:X second locative (в саду); 0 indeclinable;
U no plural in either language; P plural only in both; R plural in Russian only (one watch: часы); E plural in English
only; на the place takes на, с (not в, из); at the English place takes "at" (else "in"; "on" likewise).
The grammar picks words by class, so a class decides which sentences a noun may enter; @x is several classes.
"""

GROUPS = {
    "@thing": "thing seen small bought",  # what one finds, loses, brings, buys
    "@food": "food seen bought",
    "@fruit": "food fruit seen bought counted",
    "@big": "thing seen bought big",
}

NOUNS = """
# people
*teacher | учитель np:учителя | person worker
*doctor | врач b | person worker
engineer | инженер | person worker
*driver | водитель | person worker
*cook | повар np:повара | person worker
writer | писатель | person worker
*artist | художник | person worker
journalist | журналист | person worker
lawyer | юрист | person worker
*student | студент | person learner
pupil | ученик b | person learner
neighbour | сосед np:соседи gp:соседей | person kin
*friend | друг np:друзья gp:друзей | person kin
*brother | брат np:братья gp:братьев | person kin
*sister | сестра np:сёстры gp:сестёр | person kin
*mother | мать f s:матер | person parent
*father | отец b s:отц | person parent
*son | сын np:сыновья gp:сыновей | person kin young
*daughter | дочь f s:дочер pablt:дочерьми | person kin young
*grandmother | бабушка | person parent
*grandfather | дедушка m | person parent
uncle | дядя m gp:дядей | person kin
aunt | тётя gp:тётей | person kin
wife/wives | жена np:жёны gp:жён | person family
husband | муж np:мужья gp:мужей | person family
*boy | мальчик | person young
*girl | девочка | person young
child/children | ребёнок s:ребёнк np:дети gp:детей pablt:детьми | person young
*man/men | мужчина m | person
*woman/women | женщина | person
guest | гость m | person
tourist | турист | person
actor | актёр | person worker
actress | актриса | person worker
*musician | музыкант | person worker
farmer | фермер | person worker
policeman/policemen | полицейский adj | person worker
soldier | солдат gp:солдат | person worker
king | король m b | person
queen | королева | person
nurse | медсестра np:медсёстры gp:медсестёр | person worker
waitress | официантка | person worker
baker | пекарь m np:пекари gp:пекарей | person worker
director | директор np:директора | person worker
secretary | секретарь m b | person worker
scientist | учёный adj | person worker
pilot | пилот | person worker
seller | продавец b s:продавц | person worker
poet | поэт | person worker
composer | композитор | person worker
captain | капитан | person worker
librarian | библиотекарь m | person worker
builder | строитель | person worker
gardener | садовник | person worker
hunter | охотник | person worker
dentist | стоматолог | person worker
photographer | фотограф | person worker
princess | принцесса | person
# animals
*cat | кошка | animal pet
*dog | собака | animal pet
*horse | лошадь f pablt:лошадьми | animal big_animal
cow | корова | animal big_animal
*bird | птица | animal bird
*bear | медведь m | animal big_animal
*wolf/wolves | волк gp:волков | animal big_animal
fox | лиса np:лисы | animal
hare | заяц s:зайц | animal
elephant | слон b | animal big_animal
*lion | лев b s:льв | animal big_animal
tiger | тигр | animal big_animal
monkey | обезьяна | animal
goat | коза np:козы | animal
lamb | ягнёнок s:ягнёнк np:ягнята gp:ягнят | animal
pig | свинья b np:свиньи gp:свиней | animal
hen | курица np:куры gp:кур | animal bird
duck | утка | animal bird
goose/geese | гусь m np:гуси gp:гусей | animal bird
parrot | попугай | animal pet bird
hamster | хомяк b | animal pet
kitten | котёнок s:котёнк np:котята gp:котят | animal pet
puppy | щенок b s:щенк | animal pet
snake | змея np:змеи b | animal
frog | лягушка | animal
kangaroo | кенгуру m 0 | animal
pony | пони m 0 | animal
eagle | орёл b s:орл | animal bird
squirrel | белка | animal
hedgehog | ёж b s:еж | animal
camel | верблюд | animal big_animal
owl | сова np:совы | animal bird
# food and drink
*bread | хлеб U | @food mass
*cheese | сыр U | @food mass
*meat | мясо U | @food mass
fish | рыба U | @food mass
rice | рис U | @food mass
*soup | суп U | @food mass hot
porridge | каша U | @food mass hot
butter | масло U | @food mass
honey | мёд U | @food mass
salad | салат | @food
chocolate | шоколад U | @food mass
ice cream | мороженое adj U | @food mass
jam | варенье U | @food mass
*apple | яблоко np:яблоки | @fruit
*pear | груша | @fruit
*orange | апельсин | @fruit
lemon | лимон | @fruit
banana | банан | @fruit
melon | дыня gp:дынь | @fruit
peach | персик | @fruit
tomato | помидор | @fruit
cucumber | огурец b s:огурц | @fruit
mushroom | гриб b | @fruit
egg | яйцо gp:яиц np:яйца b | food seen bought
cake | торт | food seen bought
sandwich | бутерброд | food seen bought
pie | пирог b | food seen bought
carrot | морковь f E | food vegetable
potato | картофель m E | food vegetable
onion | лук E | food vegetable
*water | вода U saccs:воду | drink mass seen
*milk | молоко U | drink mass seen bought
*tea | чай U | drink mass seen hot bought
coffee | кофе m 0 U | drink mass seen hot bought
*juice | сок U | drink mass seen bought
wine | вино U | drink mass seen bought
lemonade | лимонад U | drink mass seen bought
cocoa | какао n 0 U | drink mass seen hot bought
salt | соль f U | mass seen bought spice
sugar | сахар U | mass seen bought spice
pepper | перец U s:перц | mass seen bought spice
# dishes and kitchen
*cup | чашка | @thing dish
*plate | тарелка | @thing dish
spoon | ложка | @thing dish eating
fork | вилка | @thing dish eating
*knife/knives | нож b | @thing dish cutting
*glass | стакан | @thing dish
bottle | бутылка | @thing dish
kettle | чайник | @thing dish device
pan | сковорода np:сковороды | @thing dish
jug | кувшин | @thing dish
saucer | блюдце np:блюдца gp:блюдец | @thing dish
# texts and works
*book | книга | @thing text written
*letter | письмо gp:писем | @thing text written letter
*newspaper | газета | @thing text
magazine | журнал | @thing text
poem | стихотворение | text written work
novel | роман | text written work
*story | рассказ | text written work
article | статья gp:статей b | text written
fairy tale | сказка | text written work
textbook | учебник | @thing text
dictionary | словарь m b | @thing text
report | отчёт | text written
*song | песня gp:песен | work sung
*film | фильм | watched work
play | пьеса | text written work
message | сообщение | text written letter
postcard | открытка | @thing text letter
diary | дневник b | @thing text written
menu | меню n 0 | text
list | список s:списк | text written
map | карта | @thing viewed
notebook | тетрадь f | @thing
telegram | телеграмма | text letter
interview | интервью n 0 | text viewed
# clothes
*shirt | рубашка | @thing clothes
*dress | платье | @thing clothes
*coat | пальто n 0 | @thing clothes
*hat | шляпа | @thing clothes
*jacket | куртка | @thing clothes
skirt | юбка | @thing clothes
scarf/scarves | шарф | @thing clothes
raincoat | плащ b | @thing clothes
sweater | свитер np:свитера | @thing clothes
suit | костюм | @thing clothes
cap | кепка | @thing clothes
tie | галстук | @thing clothes
trousers | брюки P gp:брюк | @thing clothes
jeans | джинсы P gp:джинсов | @thing clothes
shorts | шорты P gp:шорт | @thing clothes
glove | перчатка | @thing clothes paired
boot | сапог np:сапоги gp:сапог b | @thing clothes paired
shoe | туфля np:туфли gp:туфель | @thing clothes paired
belt | пояс np:пояса | @thing clothes
# furniture, containers, surfaces
*table | стол b | @big furniture surface
*chair | стул np:стулья gp:стульев | @big furniture surface
*bed | кровать f | @big furniture surface
*sofa | диван | @big furniture surface
armchair | кресло gp:кресел | @big furniture
wardrobe | шкаф b l:шкафу | @big furniture container
shelf/shelves | полка | @big furniture surface
carpet | ковёр b s:ковр | @big furniture surface
*lamp | лампа | @thing furniture
*mirror | зеркало np:зеркала gp:зеркал | @thing furniture
fridge | холодильник | @big device container
*window | окно gp:окон np:окна | opened washed seen
*door | дверь f pablt:дверями | opened seen
gate | ворота gp:ворот R | opened seen
*box | коробка | @thing container opened
*bag | сумка | @thing container opened
*basket | корзина | @thing container
*suitcase | чемодан | @thing container opened
backpack | рюкзак b | @thing container opened
drawer | ящик | container opened seen
chest | сундук b | @thing container opened
bucket | ведро np:вёдра gp:вёдер | @thing container
floor | пол l:полу | surface washed
roof | крыша | surface seen
# devices, tools, small things
*phone | телефон | @thing device
*computer | компьютер | @thing device
camera | фотоаппарат | @thing device
radio | радио n 0 | @thing device heard
television | телевизор | @thing device
*clock | часы gp:часов R | @thing device
*key | ключ b | @thing
*umbrella | зонт b | @thing
*pen | ручка | @thing writing
*pencil | карандаш b | @thing writing
paintbrush | кисть f | @thing painting
hammer | молоток b s:молотк | @thing tool
saw | пила np:пилы | @thing tool cutting
axe | топор b | @thing tool cutting
shovel | лопата | @thing tool
needle | игла np:иглы | @thing tool
rope | верёвка | @thing tool
scissors | ножницы P gp:ножниц | @thing tool cutting
spectacles | очки P gp:очков | @thing
ticket | билет | @thing
photograph | фотография | @thing viewed
*picture | картина | @thing viewed painted
portrait | портрет | @thing viewed painted
*ring | кольцо gp:колец np:кольца b | @thing jewel
*gift | подарок s:подарк | @thing
*ball | мяч b | @thing toy
*doll | кукла anim gp:кукол | @thing toy
toy | игрушка | @thing toy
candle | свеча np:свечи gp:свечей b | @thing
coin | монета | @thing
stone | камень m s:камн np:камни gp:камней | thing seen small
soap | мыло U | mass seen bought
wallet | кошелёк b s:кошельк | @thing
crown | корона | @thing jewel
flag | флаг | @thing
medal | медаль f | @thing jewel
handkerchief | платок b s:платк | @thing
passport | паспорт np:паспорта | @thing
*money | деньги R gp:денег pdatv:деньгам pablt:деньгами ploct:деньгах | seen small mass
# vehicles
*car | машина | @big vehicle driven
*bicycle | велосипед | @big vehicle
*bus | автобус | vehicle ridden seen
*train | поезд np:поезда | vehicle ridden seen
tram | трамвай | vehicle ridden seen
taxi | такси n 0 | vehicle ridden seen
*boat | лодка | @big vehicle
ship | корабль m b | vehicle seen
plane | самолёт | vehicle seen driven
lorry | грузовик b | @big vehicle driven
motorcycle | мотоцикл | @big vehicle
# instruments and games
piano | пианино n 0 | @big instrument
*guitar | гитара | @thing instrument
*violin | скрипка | @thing instrument
flute | флейта | @thing instrument
drum | барабан | @thing instrument
trumpet | труба np:трубы | @thing instrument
*football | футбол U bare | game
*chess | шахматы R gp:шахмат bare | game
tennis | теннис U bare | game
hockey | хоккей U bare | game
basketball | баскетбол U bare | game
volleyball | волейбол U bare | game
# places
*house | дом np:дома | place building built seen bought
*school | школа | place building built institution
*hospital | больница | place building built institution
*library | библиотека | place building institution
*shop | магазин | place building institution
*museum | музей | place building institution
*theatre | театр | place building institution
restaurant | ресторан | place building institution
cafe | кафе n 0 | place building institution
hotel | гостиница | place building built
factory | завод на at | place building built institution
*station | вокзал на at | place building
post office | почта на at | place institution
market | рынок s:рынк на at | place outdoors
stadium | стадион на at | place outdoors built
airport | аэропорт l:аэропорту at | place institution
bank | банк | place building institution
cinema | кинотеатр | place building institution
church | церковь f s:церкв sablt:церковью pdatv:церквям pablt:церквями ploct:церквях | place building built
castle | замок s:замк | place building built seen
palace | дворец b s:дворц | place building built seen
university | университет at | place institution
office | офис | place institution
*park | парк | place outdoors
*garden | сад l:саду b np:сады gp:садов | place outdoors
*forest | лес l:лесу np:леса | place outdoors
*village | деревня gp:деревень np:деревни | place town
*town | город np:города | place town
*street | улица на | place outdoors
square | площадь f на | place outdoors
field | поле на | place outdoors
beach | пляж на on | place outdoors
island | остров np:острова на on | place town
bridge | мост l:мосту на on b | outdoors built seen
*river | река np:реки saccs:реку | water_place seen
*lake | озеро np:озёра gp:озёр | water_place seen
*sea | море | water_place seen
mountain | гора np:горы saccs:гору | high seen
*tree | дерево np:деревья gp:деревьев | seen plant
tower | башня gp:башен | built seen building high
*kitchen | кухня gp:кухонь на | room
*room | комната | room
bedroom | спальня gp:спален | room
*bathroom | ванная adj | room
corridor | коридор | room
balcony | балкон на on | room
wall | стена np:стены saccs:стену | built painted_wall seen
farm | ферма на on | place institution
zoo | зоопарк at | place outdoors
# plants and nature
*flower | цветок b s:цветк np:цветы gp:цветов | seen plant bought gift
*rose | роза | seen plant bought gift
grass | трава U def | mass seen
oak | дуб np:дубы | seen plant
birch | берёза | seen plant
bush | куст b | seen plant
leaf/leaves | лист b np:листья gp:листьев | seen small
moon | луна U def | sky seen
sun | солнце U def | sky seen
star | звезда np:звёзды gp:звёзд | sky seen
cloud | облако np:облака gp:облаков | sky seen
sky | небо U def | seen
snow | снег U l:снегу def | mass seen
rain | дождь m U b def | weather
wind | ветер U s:ветр def | weather
# body
hand | рука np:руки saccs:руку | body
hair | волосы R gp:волос pdatv:волосам | body hair
eye | глаз l:глазу np:глаза gp:глаз | body eyes
nose | нос l:носу | body
voice | голос np:голоса | voice
face | лицо np:лица | body
tooth/teeth | зуб np:зубы gp:зубов | body
# studies, events, thoughts
mathematics | математика U bare | subject
history | история U bare | subject
physics | физика U bare | subject
biology | биология U bare | subject
chemistry | химия U bare | subject
geography | география U bare | subject
*music | музыка U bare | subject heard
sport | спорт U bare | hobby
dancing | танцы R gp:танцев bare | hobby
painting | живопись f U bare | hobby
*lesson | урок на at | event
*concert | концерт на at | event
exam | экзамен | task
holiday | праздник | event_time
wedding | свадьба gp:свадеб на at | event
party | вечеринка на at | event
lecture | лекция на at | event heard
exhibition | выставка на at | event
meeting | собрание на at | event
game | игра np:игры | watched
*question | вопрос | question abstract
answer | ответ | abstract known
*problem | проблема | abstract solved discussed
*task | задача | abstract solved
*plan | план | abstract discussed
idea | идея | abstract discussed
secret | секрет | abstract known
truth | правда U def | known
mistake | ошибка | abstract found
word | слово np:слова | known word
language | язык b | studied
rule | правило np:правила | known studied
address | адрес np:адреса | known
name | имя n | known
number | номер np:номера | known
dream | мечта U def | abstract
weather | погода U def | discussed
news | новости gp:новостей R | discussed heard mass
journey | путешествие | discussed event_time
life | жизнь f U bare | discussed
*work | работа U bare | work discussed
time | время n U bare | abstract_mass
war | война np:войны | discussed
future | будущее adj U def | discussed
childhood | детство U bare | memory
health | здоровье U bare | abstract_mass discussed
help | помощь f U bare | abstract_mass
# more
road | дорога | seen
clown | клоун | person worker
family/families | семья gp:семей b | seen
sailor | моряк b | person worker
bride | невеста | person family
towel | полотенце gp:полотенец np:полотенца | @thing
blanket | одеяло | @thing
text | текст | text
page | страница | seen
light | свет U def | seen
branch | ветка | seen plant_part
sand | песок s:песк U def | seen mass
sunset | закат | seen sky
shore | берег l:берегу np:берега | seen
politics | политика U bare | discussed
breakfast | завтрак U bare | meal
lunch | обед U bare | meal
dinner | ужин U bare | meal
winter | зима bare U saccs:зиму | season
peace | мир U bare | discussed
art | искусство U bare | subject
literature | литература U bare | subject
brush | щётка | @thing
# second senses of English words; the verbs and adjectives that take them decide
key | клавиша | pressed
button | кнопка | pressed
button | пуговица | small bought sewn
letter | буква | known_letter
spring | весна bare U | season sense
spring | пружина | spring_part sense
fan | болельщик | person sense
fan | веер np:веера | small bought sense
nail | гвоздь m b np:гвозди gp:гвоздей | small bought sense
nail | ноготь m s:ногт | fingernail paired sense
match/matches | спичка | small bought sense
match/matches | матч | watched_game sense
ruler | линейка gp:линеек | small bought sense
ruler | правитель | person sense
crane | журавль m b | animal bird sense
crane | кран | crane_machine sense
iron | утюг b | small bought device
plant | растение | plant
"""
