"""Word lists of the rules for English conversations: closed classes and words that say little by themselves."""

from __future__ import annotations

# Words that are no part of a topic, wherever they stand.
_FUNCTION = """
a an the this that these those some any each every either neither both all most many much more less few fewer
several another such no none enough i me my mine myself you your yours yourself he him his himself she her hers
herself it its itself we us our ours they them their theirs themselves one ones someone somebody something anyone
anybody anything everyone everything nothing nobody who whom whose what which when where why how whether whatever
am is are was were be been being do does did doing done have has had having can could will would shall should may
might must isn't aren't wasn't weren't don't doesn't didn't hasn't haven't hadn't can't couldn't won't wouldn't
shouldn't what's who's where's when's how's that's there's it's he's she's i'm you're they're we're i've you've
they've in on at by for from to of with without about against between among into onto through during before after
above below over under around near since until till as than like per via versus vs up down out off across along
behind beyond within toward towards upon despite besides except regarding and or but nor so yet if because
although though while unless then else not also too very really just only even still already ever never again
always often usually sometimes now here there today ago soon later first last next once almost quite rather well
please yes ok okay maybe perhaps especially actually currently tell describe explain give show list name compare
let know think want need say get got go went come came make made take took
"""
FUNCTION = frozenset(_FUNCTION.split())

# Verbs of questions. After a name they end it: how does a 529 plan | work.
_VERBS = """
work works worked happen happens happened cause causes caused affect affects affected start started begin began
begun end ended become became change changed differ differs win won lose lost play plays played live lived lives
die died kill killed born write wrote written read publish published release released record recorded perform
performed create created invent invented discover discovered develop developed found founded build built use uses
used using help helps helped treat treated cure cured prevent prevented spread grow grew grown eat ate drink drank
cook cooked cost costs buy bought sell sold pay paid earn earned study studied learn learned teach taught graduate
graduated attend attended join joined leave left move moved return returned marry married meet met receive
received award awarded nominate nominated appear appeared star starred direct directed produce produced sing sang
sung tour toured form formed break broke disband disbanded split call called mean means meant relate related
include included contain contained consist believe believed feel felt look looks see saw seen watch watched find
hear heard speak spoke talk talked ask asked answer answered calls compare compares compared prove proved show
showed shown tell told serve served fight fought lead led run ran rule ruled support supported oppose opposed vote
voted increase increased decrease decreased reduce reduced improve improved enable enabled influence influenced
inspire inspired contribute contributed save saved survive survived collapse collapsed fail failed succeed
succeeded accomplish accomplished achieve achieved choose chose chosen decide decided try tried stop stopped keep
kept hold held give gave given bring brought put set stay stayed visit visited travel traveled go goes gone do
make makes take takes mix mixed harm store stores solve solves solved weigh weighs last lasts shift shifts shifted
evolve evolves evolved connect connects connected interact apply applies applied qualify operate operates operated
fit fits protect protects react reach reached require requires required provide provides provided offer offers
offered follow followed remove removed replace replaced separate separated celebrate celebrated consider
considered cover covers covered track measure measured detect detected identify carry carried retire retired
resign resigned arrest arrested convict convicted accuse accused claim claimed announce announced sign signed hire
hired fire fired injure injured reset configure configured install installed delete deleted update updated upgrade
upgraded disable disabled cancel cancelled refund refunded request requested renew renewed verify verified submit
submitted upload uploaded download downloaded export exported import imported deploy deployed debug fix fixed
restart repair repaired charge
"""
VERBS = frozenset(_VERBS.split())
# Some are nouns as well (the Bronze Age collapse): verbs only where an auxiliary stands before the name.
_NOUNS_TOO = """
work works play plays start change changes cost costs study treat cure help spread cook use uses drink record tour
form split call calls look looks answer talk rule fight run vote influence increase decrease support collapse test
store stores stop hold set stay visit travel pay move return leave award star release show shows shift reach cover
track measure claim sign fire end harm watch damage build lead mean means live update upgrade refund request
download export import fix repair charge
"""
NOUNS_TOO = frozenset(_NOUNS_TOO.split())

# Heads that name no topic by themselves: the question lacks what they are of.
_RELATIONAL = """
symptom symptoms sign signs cause causes effect effects side-effects treatment treatments cure benefit benefits
advantage advantages disadvantage disadvantages pros cons type types kind kinds sort sorts form forms example
examples characteristic characteristics feature features property properties part parts component components
member members author authors creator creators founder founders director cast character characters plot theme
themes story title name names lyrics meaning definition history origin origins background beginning start end
purpose role roles importance significance impact impacts influence influences implications consequences result
results difference differences similarity similarities relationship relation connection comparison alternative
alternatives competitor competitors competition use uses usage application applications function functions
structure method methods process processes step steps requirement requirements rule rules limit limits cost costs
price prices size sizes weight height age length speed capital population location place places area areas weather
climate reason reasons argument arguments evidence theory theories controversy criticism criticisms problem
problems issue issues risk risks danger dangers challenge challenges factor factors aspect aspects detail details
fact facts information info source sources option options way ways thing things time times year years day days
award awards album albums song songs single singles book books film films movie movies show shows work works
career life childhood family parents wife husband children son daughter reception reviews success legacy
achievement achievements contribution contributions performance release sales adaptations adaptation others test
tests diagnosis prevention outlook prognosis complications findings conclusion layers stages phases varieties
variety breeds brands models versions version
"""
RELATIONAL = frozenset(_RELATIONAL.split())

# What "this" and "the" stand before when they mean the topic: this song, that team.
_CLASSES = """
song album single record film movie book novel story series show play game band group team club company
organization organisation city town country state place system method experiment study disease condition illness
treatment drug medicine product device software tool program project law rule policy language theory idea concept
event war battle festival award role character person man woman guy artist singer actor actress author writer
player website site app food dish plant animal breed
"""
CLASSES = frozenset(_CLASSES.split())

# Adjectives and the like that begin no name: "different types", "first artificial satellite".
_LIGHT = """
different first second last main common important famous popular best worst good bad new old other several certain
various major key possible long short big small large great little interesting general typical recent early late
next previous same own real true many favorite biggest largest oldest most side health primary
"""
LIGHT = frozenset(_LIGHT.split())

# What is said of a thing after its name: is Red Bull bad. No name ends in one.
_ADJECTIVES = """
harmful safe dangerous free legal illegal effective useful expensive cheap easy easier hard harder difficult
healthy unhealthy treatable curable contagious toxic poisonous endangered extinct alive dead similar related
better worse depressed happy sad successful available possible necessary able different ethical reliable
significant younger older bigger smaller larger faster slower stronger married single active responsible
interested involved considered based built traditional hereditary genetic called made used known done red green
blue white black warm cold hot open closed full empty ready sure right wrong weigh shift
"""
ADJECTIVES = LIGHT | frozenset(_ADJECTIVES.split())

PERSONAL = {
    "he": True,
    "him": True,
    "his": True,
    "she": True,
    "her": True,
    "hers": True,
    "it": False,
    "its": False,
    "they": None,
    "them": None,
    "their": None,
    "theirs": None,
}
PLURAL = frozenset(("they", "them", "their", "theirs", "these", "those"))
POSSESSIVE = frozenset(("his", "her", "its", "their", "theirs", "hers"))
_AUXILIARY = """
is are was were do does did has have had can could will would should may might must be been am isn't aren't wasn't
weren't don't doesn't didn't
"""
AUXILIARY = frozenset(_AUXILIARY.split())
_PREPOSITIONS = """
of in for to with from on at about between than by as after before during besides
"""
PREPOSITIONS = frozenset(_PREPOSITIONS.split())
CLAUSES = frozenset(
    ("and", "but", "or", "if", "when", "while", "because", "although", "though", "that", "which", "who", "where", "so")
)
# After "it is" and "is it": then "it" stands for what follows.
_EMPTY_IT = """
true possible necessary important better best good bad safe legal illegal easy hard difficult okay ok normal time
worth common likely healthy raining snowing take takes took mean means meant seem seems
"""
EMPTY_IT = frozenset(_EMPTY_IT.split())

_MONTHS = """
january february march april may june july august september october november december monday tuesday wednesday
thursday friday saturday sunday
"""
MONTHS = frozenset(_MONTHS.split())
# Names that end in one of these are of no person.
_BODIES = """
club university college school records rangers institute company corporation inc party team league church hospital
station theatre theater orchestra band award awards prize cup championship series festival tour album island
islands street river mountains city county state states kingdom republic empire war battle treaty act association
society union
"""
BODIES = frozenset(_BODIES.split())
