"""Words that decide whether something is a name: common given names, names that are also words, and words that are no names."""

from typing import Final

__all__ = ["AMBIGUOUS", "GIVEN", "NO_NAMES", "ORGANISATION", "PARTICLES", "TITLES"]

GIVEN: Final = frozenset(
    """aaron abdul abdullah abigail adam adama adriana adrian agnes agnieszka ahmad ahmed aiden aisha akira alan alana albert alberto alejandra alejandro alessandra
    alessandro alex alexander alexandra alexandre alexis alfred alfredo ali alice alicia alina aline alisha alison allan allison alma alvin alyssa amanda amara amber
    amelia amelie amina amir amit amy ana anastasia anders andre andrea andreas andres andrew andrzej andy angela angelica angelo anika anil anita anja anjali ann anna
    annabel anne annette annika anthony antoine anton antonia antonio anya april arash arjun arlene armando arnaud arnold arthur arturo arun asha ashley astrid audrey
    aurelie aurora ava ayesha aysha barbara barry bart beatrice beatriz becky belinda ben benedict benjamin benoit bernadette bernard bernardo bernd bernhard bertha beth
    bethany betty beverly bianca birgit bjorn bob bobby boris brad bradley brandon brenda brendan brent bret brett brian bridget brigitte britney brittany bruce bruno bryan
    bryce caitlin caleb callum cameron camila camille candice carina carl carla carlo carlos carmen carol carole carolina caroline carolyn carrie carter casey cassandra
    catalina catherine cathy cecile cecilia cedric celeste celia celine cesar chad chantal charles charlie charlotte chelsea cheryl chiara chloe chris christa christian
    christiane christina christine christoph christophe christopher cindy claire clara clarence clarissa claude claudia claudio clement cleo clifford clive clyde cody colette
    colin colleen conchita connie connor conor constance cora corey corinne cornelia courtney craig cristian cristiano cristina crystal curtis cynthia daisuke dakota
    damian damien dan dana daniel daniela daniele danielle danilo danny daphne daria dario darius darlene darrell darren darryl dave david dean deanna debbie deborah debra
    deepak deirdre delia delphine denise dennis derek dermot desmond devin devon dharma diana diane diego dieter dietmar dilip dimitri dina dinesh dirk dmitri dolores
    dominic dominik dominique donald donna doris dorothea dorothy doug douglas duncan dustin dwayne dylan earl ebony eddie edgar edith edmund eduardo edward edwin eileen
    elaine eleanor elena eleni eli elias elif elijah elisa elisabeth elise eliza elizabeth ella ellen ellie elliot elliott elsa elsie elvira emil emilia emilie emilio emily
    emma emmanuel enrico enrique eric erica erich erik erika erin ernest ernesto esme esteban estelle esther ethan eugene eugenia eva evan evelyn fabian fabien fabio
    fabrice farah farid fatima fatou federica federico felicia felicity felipe felix ferdinand fernanda fernando finn fiona flora florence florent florian floyd frances
    francesca francesco francis francisco francois francoise frank frankie franz fred freda freddie freddy frederic frederick frederik freya frida friedrich gabriel gabriela
    gabriele gabriella gabrielle gail gareth garry gary gavin geert gemma genevieve geoff geoffrey george georgia georgina gerald geraldine gerard gerardo gerd gerhard
    gianluca gideon gilbert gilles gina giorgio giovanna giovanni gisela giulia giuseppe gladys glen glenn gloria gonzalo gordon graham greg gregor gregory greta grzegorz
    guadalupe guido guillaume guillermo gunther gustavo gwen hadley haley halima hamza hana hank hanna hannah hanne hannes hans harald hari harold harriet harrison
    harry harvey hasan hassan hazel heather hector heidi heike heiko heinrich heinz helen helena helene helga helmut henri henrietta henrik henry herbert herman hermann
    hilary hilda hiroshi holger horst howard hubert hugh hugo hussein ian ibrahim ida ignacio igor ilse imogen imran ines inga inge ingeborg ingrid irena irene
    irina iris irma irving isaac isabel isabella isabelle isaiah ismail ivan ivana ivy jackie jackson jaclyn jacob jacqueline jacques jaime jake jakob jakub james jamie
    jamila jan jana jane janet janice janine jared jarek jasmin jasmine jason javier jay jayden jean jeanette jeanne jeff jeffrey jelena jen jenna jennifer jenny jens jeremiah
    jeremy jerome jerry jesse jessica jessie jesus jill jim jimmy joachim joan joana joanna joanne joao jocelyn jodie joe joel joelle johan johann johanna
    johannes john johnathan johnny jon jonas jonathan jordi jorge jose josef josefina joseph josephine josh joshua joyce juan juana juanita judith judy julia
    julian juliana julie julien juliet juliette julio julius jun justin justine justyna kai kaitlyn kamal kara karen karim karin karina karl karla kasia katarzyna kate
    katharina katherine kathleen kathryn kathy katia katie katja katrin katrina kay kayla keisha keith kelly kelsey ken kendra kenji kenneth kenny kerry kevin khadija khalid
    kieran kim kimberly kiran kirsten kirsty klara klaus konrad krista kristen kristian kristin kristina kristine krystal krzysztof kurt kyle lara larissa larry lars laura
    laurel lauren laurence laurent laurie lawrence leah leandro leila lena lennart leo leon leona leonard leonardo leonie leopold leroy lesley leslie leticia levi lewis liam
    lidia liesel lila lilian liliana lillian lin lina linda lindsay lindsey lionel lisa liz lloyd logan lois lola lolita lorena lorenzo loretta lori lorna lorraine lottie lou
    louis louisa louise lourdes luc luca lucas lucia luciana lucie lucille lucinda lucy ludwig luigi luis luisa luka lukas luke lydia lyle lynda lynn lynne mabel maciej
    maddie madeleine madison magda magdalena maggie magnus mahmoud maja malcolm malgorzata malik mandy manfred manuel manuela mara marc marcel marcela marcelo marcia marcin
    marco marcos marcus margaret margarita margot maria mariam marian mariana marianne marie mariela marilyn marina mario marion marisa marisol marius marjorie marlene marlon
    marta martha martin martina marvin mary maryam massimo mateo mateusz mathieu mathilde matilda matteo matthew matthias matthieu maureen maurice mauricio max maxime
    maximilian maxine maya megan mehmet meike mei melanie melinda melissa mercedes meredith mia michael michaela michal michel michele michelle miguel mihai mika mike mikhail
    mila milan mildred milena miles milo mina mindy minh mira miranda mireille miriam misha mitch mitchell mo moe mohamed mohammad mohammed moira molly mona monica
    monika monique morgan moritz morris moses muhammad muriel murray mustafa myra myriam nabil nadia nadine nancy naomi natalia natalie natasha nathalie nathan nathaniel neal
    ned neha neil nell nelson nia nicholas nick nicky nico nicola nicolas nicole niels nigel niklas nikola nikolai nikolaus nils nina noah noel noemi nora norbert noreen norma
    norman odette olaf oleg olga oliver olivia olivier omar orlando oscar oskar otis otto owen pablo pamela paola paolo pascal pascale patricia patricio patrick paul
    paula paulina pauline paulo pavel pawel pedro peggy penelope perry peter petra phil philip philipp philippa philippe phillip phoebe phyllis pierre piotr polly
    prakash preeti priya priyanka quentin quincy rachael rachel rafael rahul rainer raj raja rajesh ralf ralph ramon ramona randall randy raphael raquel rashid raul ravi
    raymond rebecca reggie regina reinhard rekha remi rena renata rene renee rhonda ricardo riccardo richard rick ricky rita robbie robert roberta roberto robin rochelle
    rodney rodrigo roger roland rolf roman romain ron ronald ronja ronnie rory rosa rosalie rosalind rosario rosemarie rosemary rosie ross roxanne roy ruben rudolf rufus
    rupert russell ruth ryan sabine sabrina sadie said salim sally salma salvador salvatore sam samantha samir samira samuel sandeep sandra sandro sandy sanjay santiago sara
    sarah sascha saskia savannah scott sean sebastian selena selma serena serge sergei sergio seth shane shannon sharon shaun shawn sheila shelley shelly sheryl shirley
    sibylle sidney sigrid silke silvia simon simona simone sinead sofia sofie solange sonia sonja sophia sophie stacey stan stanislaw stanley stefan stefania stefanie
    stella stephan stephane stephanie stephen steve steven stewart stuart sunil sunita susan susana susanna susanne suzanne sven svetlana sybil sylvia sylvie tabitha tamara
    tammy tania tanya tara tariq tasha tatiana tatjana ted teresa terrence terry tess tessa thabo thea thelma theo theodore theresa therese thomas thorsten tiago tiffany till
    tilda tim timo timothy tina tobias toby todd tom tomas tomasz tommaso tommy toni tony torsten tracey tracy travis trevor tricia trisha troy tyler tyrone udo ulrich ulrike
    umar uma ursula usha uta ute uwe valentin valentina valeria valerie vanessa vera vernon veronica veronika veronique vicente vicki vicky victor victoria vijay vikram
    vincent vincenzo viola violet virginia vivian viviana vivienne vladimir waldemar wallace walter wanda warren wayne wendy werner wesley wilfred wilhelm willem william willie
    wilma winnie winston wojciech wolfgang xavier ximena yael yann yannick yara yasmin yasmine yolanda yolande youssef yuki yuri yusuf yves yvette yvonne zachary zack
    zahra zainab zara zeynep zoe zofia zuzanna""".split()
)
"""Given names that are little else, in lower case."""

AMBIGUOUS: Final = frozenset(
    """will may mark grace bill rose hope joy art pat sue rob drew chase grant jack dawn faith heaven summer autumn winter june august april sunny frank earnest gene
    guy rich dick josh olive ginger pearl ruby jade amber crystal iris ivy lily daisy holly heather hazel violet penny buddy christian israel jordan chelsea london paris
    victoria austin dallas houston madison brooklyn charity chance christmas destiny dean duke earl king prince major miles page paige reed reid robin sandy skip skye sky
    star stone sterling trinity wade ward wolf young old brown white black green gray grey blue gold golden silver price long short day days best cook baker bell wood woods
    hill hills park parks banks bank field fields ford forest fox french german england ireland lane street church rivers river lake bush brook brooks bridge bridges castle
    close cross dale english farmer fisher flower flowers fish bird byrd carpenter carter case cash chambers change cooper court crane crew dear doe drake east fair fine
    firth fly foot free friend frost fry garden gates gentle glass good goodman goode hand hands hart head heath herring high hood hook hope horn house hunt hunter joiner judge
    keen key keys knight lamb law lawless lay light little lock love loving low man manners march marsh mason may mead means mercer mild mill miller mills moon moore more
    morrow moss new nice noble north nurse peace pack parish pitt pool poole poor pope post potter power powers pride pugh quick rain ray read ready ring roads root rush
    rusty sadler sail sales salt sands savage say self sharp sheen shepherd ship shore sing singer slaughter small snow south spear speed spring square stamp steel still
    strange strong swan swift tanner taylor thorn thrower tiller train turner valentine wall walls walker ware wash waters way weaver webb welcome wells west wheeler while
    wise wish worth wright yes ye can do so an my no ng see go ha he hi ho in is it li lo ma me mi na ok oh on or ping so to too un up us we wei win you yu mini max
    angel ace bo bud cat che chip cookie dot drew easter eden ever fay fern flora gay hardy harmony harry haven honey jay jean jersey jet jo jolly kit lane lark lee
    lance levy mace melody merry mercy misty morning nova ocean pepper piper poppy prudence rain raven regal rocky royal royale rusty sage sandy saint shea shell
    spencer storm sugar tab talent tiny tuesday verity wednesday willow""".split()
)
"""Names that are everyday words too: taken for a name only where the writing or the place says so."""

TITLES: Final = frozenset(
    "mr mrs ms miss mx dr prof professor sir madam madame monsieur m mme mlle herr frau señor señora sr sra signor signora sig dhr mevr mevrouw".split()
)

PARTICLES: Final = frozenset(
    "de da do dos das di del della der den des du la le el al bin ibn ben van von vom zu zum ter ten te y e st saint san santa mac mc o d l abu".split()
)

ORGANISATION: Final = frozenset(
    """team support customer customers client service services bank banking care help helpdesk desk inc ltd llc gmbh ag plc corp company co group center centre agent
    agents department dept office sales billing accounts staff shop store online mobile telecom unicom airlines airways air insurance express post official assistant bot
    representative management manager supervisor operator desk crew hotline line community admin administrator moderator everyone everybody all folks guys friend friends
    sir madam member members user guest visitor traveller passenger buyer seller owner tenant subscriber applicant patient student""".split()
)
"""Words that make what is greeted an organisation, a role or a crowd."""

NO_NAMES: Final = (
    ORGANISATION
    | TITLES
    | frozenset(
        """a about above absolutely account actually address after afraid again ah all alright already also always am american an and another any anyone anything anyway apologies
    apparently are around as asking at australian austrian available aware away back bad be because been before behind being best better between both bored bot brazilian british busy but
    by bye called calling calm can canadian cancelling cannot certainly chat chatting checking cheers chinese clear clearly come coming concerned confused considering contacting correct
    curious currently customer day dear definitely delighted desperate did didn't different disappointed disgusted do does doing don't done due dutch early either else email english enough
    especially even evening ever every everything exactly excited experiencing extremely family far fed feeling fine first following for forward free french friday frustrated
    from fully furious genuinely german getting giving glad go going gonna good got grateful great guess had hah haha half happy hardly has have having he hello help
    helping her here hey hi him his hm hmm hold home honestly hope hoping how however i i'd i'll i'm i've if in indeed indian inquiring instead interested into irish is it it's
    italian its japanese just keen keep kind kindly korean last late later leaving left let like likely literally little live living locked logged long looking lost lot
    lovely mad many may maybe me mexican mine minutes monday moment more morning most moving much must my myself near need needing never new next nice night no nobody
    none nope normally not nothing now obviously of off offline oh ok okay on once one ongoing online only onto open or order other our out over overall overcharged paid pardon paying perfect
    perhaps phoning pleased please polish possible presumably pretty probably problem quick quite rather reaching ready really receiving regarding regards regret replying
    requesting responding right running russian said same saturday saying says scottish seeing seems sending set she should since sincerely sitting sleeping so some somebody someone something
    soon sorry spanish speaking spelled spelt spent standing starting still stressed stuck such sunday super supposed sure surely surprised swedish swiss switching talking tell ten terribly thank
    thankful thanks that that's the their them then there there's these they thing thinking this those though three through thursday till time tired to today tomorrow
    tonight too totally traveling travelling trouble truly trying tuesday turkish twice two typing unable unclear under unfortunately unhappy until up upset us using usually
    very wait waiting want wanted wanting was watching way we we'll we're wednesday welcome well went were what when whenever where whether which while white who whoever whose why
    will wishing with within without wondering work working worried would writing wrong yeah yep yes yesterday yet yo you you'll you're your yours january february march
    april june july august september october november december euro euros dollar dollars pound pounds amazon google apple facebook instagram twitter whatsapp paypal visa mastercard
    windows android iphone ipad samsung nokia microsoft netflix spotify uber linux firefox chrome safari hallo guten tag danke bitte bonjour merci hola gracias ciao name names number
    spelling username listed registered different missing showing appearing used written wrong misspelled misspelt incorrectly incorrect attached below god christmas easter gott dieu absolutely
    afternoon weekend world lord dad mum mom mother father son daughter wife husband partner boss neighbour neighbor colleague love darling honey hun mate buddy dude man bro lady ladies
    gentlemen gentleman whom concern receiver recipient santa internet wifi speaking-with virtual automated digital international national premium gold silver platinum""".split()
    )
)
"""Words that are no names where a name might stand, in lower case."""
