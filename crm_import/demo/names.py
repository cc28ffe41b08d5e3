"""Names of invented people in twelve languages, in Latin script with their real diacritics.

A surname is a listed one, a particle with a base (`van der` + `Linden`) or a stem with an ending
(`Björk` + `gren`), so that a million people mostly differ while every name stays pronounceable.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

# Letters that Unicode does not decompose into a base letter and an accent.
_PLAIN = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "\u0131": "i",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
)


@lru_cache(maxsize=65_536)
def ascii_letters(text: str) -> str:
    """A name as it appears in an e-mail address: only the letters a to z."""
    lowered = text.lower().translate(_PLAIN)
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(letter for letter in decomposed if "a" <= letter <= "z")


def _words(text: str) -> list[str]:
    return text.split()


def _joined(stems: str, endings: str) -> list[str]:
    return ["".join(pair) for pair in product(_words(stems), _words(endings))]


def _with_particles(particles: str, bases: str) -> list[str]:
    """Every particle before every base; particles are separated by `|` because they hold blanks."""
    return [f"{a}{b}" for a, b in product(particles.split("|"), bases.split())]


@dataclass(frozen=True, slots=True)
class Culture:
    """One language's names and how they are put together."""

    country: str
    share: int
    female: list[str]
    male: list[str]
    surnames: list[str]
    # How often, and with what between them, a second given name and a second surname follow.
    second_given: float = 0.18
    given_joint: str = " "
    second_surname: float = 0.16
    surname_joint: str = "-"
    feminine: Callable[[str], str] | None = field(default=None)

    def draw(self, random: Callable[[], float]) -> tuple[str, str]:
        """A first name and a last name."""
        female = random() < 0.5
        pool = self.female if female else self.male
        first = pool[int(random() * len(pool))]
        if random() < self.second_given:
            second = pool[int(random() * len(pool))]
            if second != first:
                first = f"{first}{self.given_joint}{second}"
        return first, self._surname(random, female=female)

    def relative(self, random: Callable[[], float]) -> str:
        """Only a first name, for someone in a household whose surname is known."""
        pool = self.female if random() < 0.5 else self.male
        return pool[int(random() * len(pool))]

    def _surname(self, random: Callable[[], float], *, female: bool) -> str:
        last = self.surnames[int(random() * len(self.surnames))]
        if random() < self.second_surname:
            second = self.surnames[int(random() * len(self.surnames))]
            if second != last:
                last = f"{last}{self.surname_joint}{second}"
        if female and self.feminine is not None:
            last = self.feminine(last)
        return last


def _polish_feminine(last: str) -> str:
    return "-".join(
        part[:-1] + "a" if part.endswith(("ski", "cki", "dzki")) else part
        for part in last.split("-")
    )


DUTCH = Culture(
    "NL",
    20,
    _words(
        "Anouk Annelies Birgit Brechtje Carlijn Daphne Dorien Elske Esmée Evelien Femke Fleur "
        "Floortje Froukje Geertje Gerda Hanneke Heleen Ilse Inge Iris Janneke Jasmijn Jolanda "
        "Judith Karin Katja Lianne Lieke Lisanne Lonneke Loes Maaike Marijke Marleen Mieke "
        "Mirjam Nienke Noortje Petra Renate Roos Sanne Saskia Tessa Trijntje Wendy Wilma "
        "Yvonne Zoë Daniëlle Joëlle"
    ),
    _words(
        "Arjen Bart Bas Bram Casper Coen Daan Diederik Dirk-Jan Edwin Erik Evert Ferdinand "
        "Floris Frank Frits Gerard Gert-Jan Gijs Harm Henk Hidde Huub Jaap Jan-Willem Jelle "
        "Jeroen Joost Jurgen Kees Klaas Koen Lars Luuk Maarten Marnix Mathijs Niels Olaf "
        "Pepijn Pieter Reinier Rens Roelof Ruud Sander Sjoerd Thijs Tijmen Wouter Willem "
        "Daniël Joël"
    ),
    [
        *_words(
            "Aarts Appelman Baars Bakker Barendsen Blom Boersma Boonstra Bosman Bouwman "
            "Brinkman Brouwer Claassen Dekker Dijkgraaf Doorn Driessen Elzinga Faber Geerts "
            "Gerritsen Groeneveld Haverkort Hendriks Hermans Hofman Huisman Jacobs Jansen "
            "Jonker Kamphuis Klaver Klomp Koopman Koster Kramer Kuiper Lammers Leenders Lubbers "
            "Maas Martens Meijer Mulder Nagel Nijhuis Oosterhuis Peeters Pieters Post Prins "
            "Reinders Rietveld Roelofs Rutten Schipper Scholten Schouten Schuurman Slot Smeets "
            "Smit Spaans Steenbergen Terpstra Teunissen Timmer Uittenbogaard Verbeek Verhagen "
            "Vermeulen Vink Visscher Vos Wagenaar Wessels Wiersema Wijnands Wolters Zuidema "
            "Zwart Dumoulin Coëhoorn Cuypers d'Hondt"
        ),
        "'t Hart",
        "'t Lam",
        "van 't Hoff",
        "van 't Veld",
        "in 't Hout",
        "in 't Zand",
        *_with_particles(
            "van |van de |van den |van der |de |ter |ten |op de |op den |uit de ",
            "Berg Heuvel Linden Broek Velde Meer Wal Laan Horst Kamp Brink Veen Hoek Akker Hout "
            "Weide Molen Schans Burg Poel Steeg Waard Donk Kolk Beemd Graaf Wijngaard Boomgaard "
            "Heide Dam",
        ),
        *_joined(
            "Hoek Dijk Veen Kamp Hof Zand Terp Brug Sloot Wier Hoog Meer Fokke Sikke Bouke "
            "Haring Poort Wester Ooster Elze",
            "stra man mans huis ma inga zand",
        ),
    ],
)
ENGLISH = Culture(
    "GB",
    13,
    _words(
        "Abigail Alice Amelia Audrey Beatrice Bridget Caitlin Charlotte Chloë Claire Daisy "
        "Deborah Eleanor Elspeth Emily Fiona Frances Georgina Gillian Grace Hannah Harriet "
        "Hazel Heather Imogen Isla Jacqueline Jemima Joanna Kirsty Laura Lillian Lucy Mabel "
        "Margaret Martha Megan Molly Naomi Niamh Olivia Phoebe Rosalind Rowena Siobhán Tamsin "
        "Victoria Winifred Zara Renée"
    ),
    _words(
        "Adrian Alasdair Alfie Angus Barnaby Benedict Callum Cameron Cedric Clive Conor Craig "
        "Declan Desmond Dominic Duncan Edmund Elliot Ewan Fergus Finlay Gareth Gavin Graham "
        "Gregory Hamish Harvey Hugo Ian Jasper Kieran Lachlan Leonard Malcolm Miles Nathaniel "
        "Nigel Oscar Owen Patrick Percy Philip Quentin Rory Rupert Seán Stuart Tobias Trevor "
        "Vincent"
    ),
    _words(
        "Abbott Atkinson Barker Baxter Bennett Booth Bowen Bright Burgess Carr Chapman Cole "
        "Cooper Cross Dawson Dixon Doyle Drake Ellis Fairclough Fletcher Forsyth Foster "
        "Garner Gibson Gill Gough Grainger Hale Harding Haynes Hewitt Hobbs Holt Hooper "
        "Hutchins Ingram Jarvis Keane Kerr Knight Lambert Lawson Lloyd Lowe Marsh Mercer "
        "Merritt Mould Nash Nolan Osborne Parry Pearce Poole Pratt Quinn Reeves Rhodes Rowe "
        "Sharpe Slater Sparrow Sutton Tait Tanner Tate Tranter Tyler Vaughan Wainwright Walsh "
        "Watkins Webb Wheeler Whittaker Wilkins Wyatt Yates Zephaniah Brontë"
    )
    + _with_particles(
        "O'|Mc|Mac",
        "Connor Brien Donnell Keefe Leary Neill Reilly Kenna Carthy Gregor Bride Allister "
        "Lean Gowan Shea",
    )
    + _joined(
        "Ash Black Brad Clay Den Green Hart Holling Lang Mar Nor Pem Rad Red Rock Stan Thorn "
        "Wake Whit Win Wood Hather Elling Cran",
        "ton ford ley field well worth combe wick bury ham bourne stead",
    ),
)
GERMAN = Culture(
    "DE",
    12,
    _words(
        "Adelheid Alina Anke Annette Antje Beate Bettina Brigitte Carola Christiane Cornelia "
        "Dagmar Doris Edeltraud Elfriede Franziska Friederike Gabriele Gisela Gudrun "
        "Hannelore Heidrun Heike Hildegard Ilona Imke Ingrid Jutta Käthe Karoline Katharina "
        "Lieselotte Lotte Luise Magdalena Margarethe Mechthild Monika Nadine Renate Rosemarie "
        "Sabine Sieglinde Silke Svenja Ulrike Ursula Wiebke Zita Bärbel"
    ),
    _words(
        "Achim Albrecht Andreas Arnulf Bastian Benno Bernhard Burkhard Christoph Claus Detlef "
        "Dieter Eberhard Eckart Egon Ekkehard Florian Friedrich Fritz Gernot Gottfried "
        "Günther Hannes Hartmut Heiko Heinz Helmut Holger Ingo Jens Jochen Jörg Jürgen Karl "
        "Konrad Kurt Lorenz Lothar Manfred Matthias Norbert Ottmar Rainer Reinhold Rüdiger "
        "Sönke Torsten Ulrich Uwe Wolfgang"
    ),
    _words(
        "Ackermann Albers Bauer Becker Behrens Böhm Brandt Busch Dörfler Ebert Eichhorn Engel "
        "Ernst Fiedler Fischer Förster Franke Freitag Frings Gärtner Geiger Graf Groß Günther "
        "Haas Hahn Hartung Heinrich Heßler Hoffmann Jäger Jansen Kaiser Keller Kirchner "
        "Köhler König Kraus Krüger Kühn Lange Lehmann Lorenz Ludwig Mäder Meißner Möller "
        "Nowotny Öhler Pfeiffer Preuß Quandt Richter Rößler Ruppert Sauer Schäfer Scholz "
        "Schröder Schüßler Seidel Sommer Strauß Thoma Uhlig Vogt Wächter Weiß Winkler Wörner "
        "Zander Ziegler Zöllner"
    )
    + _with_particles("von |von der ", "Aue Heyden Lühe Brock Marwitz Rohden Stein Thann Ruhr Eltz")
    + _joined(
        "Eich Linden Stein Wald Brunn Buch Hirsch Kirch Neu Ober Unter Reit Schön Roth Grün "
        "Berg Hasel Rosen Mühl Fuchs Kron Silber Tann Weiden Grab Lechn Puch",
        "mann berger meier hofer bauer thaler bach müller",
    ),
    second_given=0.08,
    given_joint="-",
)
FRENCH = Culture(
    "FR",
    10,
    _words(
        "Adèle Agathe Agnès Alix Amandine Anaïs Apolline Armelle Aurore Bénédicte Bérénice "
        "Capucine Cécile Céline Clémentine Clotilde Constance Corinne Delphine Édith Éléonore "
        "Élise Élodie Estelle Eugénie Faustine Garance Geneviève Gwenaëlle Héloïse Inès "
        "Isaure Joséphine Léonie Ludivine Maëlys Margot Mathilde Noëlle Océane Odile Pénélope "
        "Romane Sabrine Ségolène Solène Sylvie Valérie Véronique Zélie"
    ),
    _words(
        "Achille Adrien Alban Amaury Anselme Antonin Arnaud Aurélien Baptiste Barthélemy "
        "Basile Benoît Cédric Christophe Cyrille Damien Edgar Émile Étienne Fabrice Félix "
        "Gaël Gaspard Gauthier Ghislain Grégoire Guillaume Hervé Honoré Jérôme Joachim Joël "
        "Laurent Léandre Loïc Ludovic Marius Maël Médéric Norbert Olivier Pascal Raphaël Rémi "
        "Romain Sébastien Théo Thibault Valentin Yannick"
    ),
    _words(
        "Allard Aubert Barbier Baudouin Beaumont Bélanger Besson Blanchet Bonnet Boucher "
        "Bourdon Brunet Carpentier Chabert Chevalier Colin Cordier Courtois Delaunay "
        "Deschamps Desnoyers Duchêne Ducroix Dufrêne Dupré Dutilleul Fabre Faucher Ferrand "
        "Fleury Fontaine Foucault Gaillard Garnier Gautier Gérard Gilbert Girault Grandjean "
        "Guérin Guichard Hénault Huet Jacquemin Jolivet Joubert Lacroix Laforêt Lambert "
        "Langlois Lavigne Leclercq Lefèvre Lemaître Léger Maçon Mallet Marchand Masson "
        "Mercier Meunier Millet Morin Noël Pasquier Pelletier Perrault Picard Poirier Prévost "
        "Renard Rivière Roche Rousselet Sauvage Tessier Thévenet Tissot Vaillant Vasseur "
        "Verdier Vidal"
    )
    + _with_particles("Le |Du ", "Bois Fresne Mesnil Tertre Hameau Verger Moulin Bihan Goff Pré")
    + _with_particles("La |De La ", "Borde Chesnaye Ferrière Fosse Grange Pommeraye Vallée Roche")
    + ["D'Aubigny", "D'Estrées", "D'Harcourt", "L'Hermite"]
    + _joined(
        "Beau Mont Château Bel Clair Haute Roche Vau Font",
        "val mont fort pré court lieu ville clair",
    ),
    second_given=0.14,
    given_joint="-",
)
SPANISH = Culture(
    "ES",
    9,
    _words(
        "Adela Ainhoa Alba Alejandra Amparo Ángela Araceli Asunción Aurora Beatriz Belén "
        "Blanca Candela Carmen Catalina Celia Concepción Dolores Elvira Encarnación Esperanza "
        "Eva Fátima Gloria Inés Inmaculada Irene Itziar Leire Lourdes Lucía Macarena Marisol "
        "Marta Mercedes Milagros Nerea Noelia Nuria Paloma Pilar Remedios Rocío Rosario "
        "Silvia Soledad Sonia Susana Verónica Ximena"
    ),
    _words(
        "Adrián Agustín Alejandro Álvaro Andrés Ángel Antonio Arturo Asier Benito Bernardo "
        "Carlos César Cristóbal Darío Diego Eduardo Emilio Enrique Esteban Felipe Fermín "
        "Fernando Gabriel Germán Gonzalo Hernán Hugo Iker Íñigo Ismael Iván Joaquín Jordi "
        "Julián Leandro Lorenzo Manuel Marcos Martín Mateo Nicolás Óscar Pablo Rafael Ramón "
        "Rodrigo Salvador Tomás Víctor"
    ),
    _words(
        "Acosta Aguilar Alarcón Alonso Álvarez Aranda Arias Arroyo Ávalos Barrios Benítez "
        "Blanco Bravo Caballero Cabrera Calvo Campos Cano Carrasco Castaño Cortés Crespo "
        "Cuesta Delgado Díaz Domínguez Durán Echeverría Elizondo Escudero Esteban Ferrer "
        "Flores Fuentes Gallardo Garrido Gil Giménez Guerrero Gutiérrez Herrero Hidalgo "
        "Ibáñez Iglesias Izquierdo Jiménez Lara León Lozano Luque Marín Márquez Medina Méndez "
        "Molina Montero Mora Muñoz Navarro Nieto Núñez Ojeda Ortega Pardo Peña Prieto Quiroga "
        "Ramírez Reyes Ríos Robles Roldán Rubio Salazar Santana Segura Serrano Soler Soto "
        "Suárez Tejada Torres Úbeda Vargas Vega Velasco Vera Zabaleta Zúñiga"
    )
    + _with_particles(
        "de la ", "Fuente Torre Cruz Peña Vega Rosa Calle Huerta Sierra Encina Higuera Mata"
    )
    + _with_particles("del ", "Río Valle Monte Olmo Pozo Prado Moral Castillo Barrio Puerto Pino")
    + _with_particles("de los ", "Ríos Santos Reyes Olmos Prados Mozos Arcos"),
    second_given=0.12,
    second_surname=0.42,
    surname_joint=" ",
)
PORTUGUESE = Culture(
    "PT",
    7,
    _words(
        "Adelaide Alda Amália Ana Ângela Anabela Aurora Bárbara Benedita Carlota Catarina "
        "Clara Conceição Constança Cristina Diana Dulce Estela Eugénia Fátima Filipa "
        "Francisca Glória Graça Helena Inês Íris Joana Júlia Lara Laurinda Leonor Lídia Luísa "
        "Madalena Mafalda Margarida Matilde Mónica Natália Olívia Patrícia Raquel Rosália "
        "Rute Sílvia Sónia Susana Teresa Vitória"
    ),
    _words(
        "Adão Afonso Alberto Alexandre Álvaro André Aníbal António Armando Artur Baltasar "
        "Bento Bernardo Bruno Caetano César Cláudio Daniel Delfim Dinis Duarte Eduardo "
        "Estêvão Fábio Filipe Frederico Gaspar Gonçalo Guilherme Heitor Hélder Hugo Ivo João "
        "Joaquim Jorge José Leonel Luís Manuel Marcelo Martim Miguel Nelson Nuno Rúben Sérgio "
        "Simão Tiago Vasco"
    ),
    _words(
        "Abrantes Aguiar Albuquerque Alcântara Amaral Antunes Araújo Azevedo Baptista Barreto "
        "Barros Bastos Borba Brandão Cabral Calado Camões Cardoso Carneiro Carvalho "
        "Castanheira Coelho Cordeiro Correia Coutinho Esteves Falcão Faria Fernandes "
        "Figueiredo Fonseca Frade Galvão Gaspar Gouveia Henriques Jardim Lacerda Leitão Lobo "
        "Loureiro Macedo Machado Magalhães Marçal Matias Meireles Menezes Mesquita Moniz "
        "Monteiro Morais Mourão Negrão Neves Nóbrega Pacheco Paixão Pestana Pimentel Pinheiro "
        "Queirós Quintela Rebelo Rego Reis Salgueiro Sampaio Saraiva Seabra Simões Sobral "
        "Tavares Teixeira Valadão Varela Veloso Viegas Vilhena Xavier"
    )
    + _with_particles(
        "da ", "Silva Costa Rocha Luz Cruz Mata Veiga Cunha Fonseca Mota Gama Ponte Torre"
    )
    + _with_particles("do ", "Souto Vale Monte Carmo Amaral Rosário Couto Paço Rio")
    + _with_particles("dos ", "Santos Anjos Campos Reis Passos")
    + _with_particles("das ", "Neves Dores Chagas Flores"),
    second_given=0.25,
    second_surname=0.4,
    surname_joint=" ",
)
POLISH = Culture(
    "PL",
    7,
    _words(
        "Agata Agnieszka Aldona Alicja Aneta Aniela Antonina Beata Bożena Celina Danuta "
        "Dominika Dorota Edyta Elżbieta Emilia Ewelina Felicja Gabriela Grażyna Halina "
        "Honorata Iwona Jadwiga Jagoda Joanna Jolanta Justyna Kamila Kinga Klaudia Krystyna "
        "Lidia Łucja Magdalena Małgorzata Marzena Mirosława Oliwia Patrycja Paulina Renata "
        "Róża Stefania Sylwia Teresa Urszula Wanda Weronika Zofia"
    ),
    _words(
        "Adam Alojzy Andrzej Arkadiusz Artur Bartłomiej Bogdan Bogusław Cezary Czesław Damian "
        "Dariusz Emil Eugeniusz Filip Gniewko Grzegorz Henryk Hubert Ignacy Jacek Jakub "
        "Janusz Jarosław Jędrzej Józef Kajetan Kazimierz Konrad Krzysztof Leszek Łukasz "
        "Maciej Marek Mateusz Michał Mirosław Paweł Piotr Przemysław Radosław Ryszard "
        "Sławomir Stanisław Szymon Tadeusz Tomasz Wiesław Wojciech Zbigniew"
    ),
    _words(
        "Bąk Bednarz Bieniek Borowiec Cebula Chmiel Cichoń Czyż Dąb Drozd Dudek Duda Dziedzic "
        "Gajda Głąb Gołąb Góra Jarosz Kania Kłos Kmiecik Kozak Kozioł Król Krupa Kubiak Kuś "
        "Lis Łoś Madej Maj Maślanka Mazurek Mróz Nowak Ostrowiec Pająk Pawlak Piątek Rak "
        "Sikora Skiba Słowik Sobczak Sowa Stępień Szczygieł Ślusarz Świątek Wrona Wróbel "
        "Zając Zięba Żak Adamski Czarnecki Górecki Piasecki Rudnicki Tomaszewski Wierzbicki"
    )
    + _joined(
        "Bielaw Borkow Brzeziń Chmielew Dębiń Dobrow Grabow Jabłoń Jasiń "
        "Jaworow Kamiń Kasprow Kalinow Kwiatkow Laskow Lipiń Łukow Maliń Markow Milew Ostrow "
        "Ożarow Piotrow Radziń Rogal Różań Sadow Sokołow Stawiń Świerczew "
        "Turzań Urbań Wilczew Wiśniew Zalew Zawadz Zieliń Żółkiew Żurow",
        "ski",
    )
    + _joined(
        "Adam Andrzej Bartosz Błaż Filip Frąc Grzel Jan Jaku Kub Łukasz Marcin Matus Michal "
        "Paw Pietr Stas Szymcz Tomasz Wojt",
        "czyk iak ik owicz owiak",
    ),
    second_surname=0.1,
    feminine=_polish_feminine,
)
TURKISH = Culture(
    "TR",
    5,
    _words(
        "Asuman Aylin Ayşe Bahar Başak Belgin Berrin Beyza Buket Burcu Canan Ceren Çiğdem "
        "Damla Defne Derya Dilara Ebru Ece Elif Emine Esra Fatma Feride Gamze Gönül Gülsüm "
        "Güneş Hale Hatice Hülya İpek Jale Kadriye Leyla Melike Meltem Müge Nesrin Nilüfer "
        "Özlem Pınar Reyhan Selin Şebnem Şule Tuğba Yasemin Yeşim Zeynep"
    ),
    _words(
        "Adnan Alper Arda Atilla Aydın Barış Batuhan Berk Bilal Burak Cem Cemal Çağlar Deniz "
        "Doğan Ekrem Emre Engin Ercan Erdem Ersin Fatih Ferhat Gökhan Güven Hakan Halil Hasan "
        "İbrahim İlker İsmail Kaan Kadir Kemal Kerem Levent Mehmet Murat Mustafa Necati Oğuz "
        "Onur Orhan Ömer Özgür Rıza Selçuk Serkan Şükrü Umut"
    ),
    _words(
        "Acar Akın Aksoy Aktaş Arslan Aslan Ateş Avcı Aydemir Balcı Bayraktar Bilgin Bozkurt "
        "Bulut Cengiz Coşkun Çakır Çelik Çetin Çiftçi Dağ Deniz Doğru Duman Ekinci Erdoğdu "
        "Gedik Gök Günay Güngör Işık Kalkan Kaplan Karaca Kılıç Koç Köse Kurt Kuş Oral Ocak "
        "Özkan Öztürk Polat Sağlam Sarıkaya Sezer Şahin Şimşek Tekin Topal Tunç Uçar Uysal "
        "Ünal Ünlü Vural Yalçın Yavuz Yıldız Yüksel Zengin"
    )
    + _joined(
        "Kara Ak Öz Demir Er Gül Şen Taş Boz Altın Sarı Kök Can Gün Bay Ata",
        "taş kaya oğlu türk tekin soy dağ han tan demirci gil alp",
    ),
    second_given=0.2,
)
VIETNAMESE = Culture(
    "VN",
    4,
    _with_particles(
        "Thị |Ngọc |Thị Kim |Thanh |Bảo |Mỹ |Quỳnh |Thùy |",
        "Ánh Châu Chi Diễm Dung Duyên Giang Hà Hạnh Hiền Hoa Hồng Hương Khánh Lan Lê Liên "
        "Linh Loan Mai Minh Nga Ngân Nhung Oanh Phương Quyên Tâm Thảo Thu Trâm Trang Tuyết "
        "Vân Xuân Yến",
    ),
    _with_particles(
        "Văn |Đức |Hữu |Minh |Quang |Quốc |Đình |Xuân |",
        "An Anh Bình Chiến Cường Đạt Dũng Duy Hải Hậu Hiếu Hòa Hùng Huy Khang Khoa Kiên Lâm "
        "Long Lộc Mạnh Nam Nghĩa Phong Phúc Quân Sơn Tài Thắng Thịnh Tiến Toàn Trí Trung Tuấn "
        "Việt",
    ),
    _words(
        "Nguyễn Trần Lê Phạm Huỳnh Hoàng Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Đoàn "
        "Trịnh Lương Mai Tô Trương Cao Châu Quách Tạ Thái Vương Lâm"
    ),
    second_given=0.0,
    second_surname=0.12,
    surname_joint=" ",
)
ARABIC = Culture(
    "MA",
    5,
    _words(
        "Aïcha Amal Amina Asmaa Bouchra Chaïma Dounia Dunya Farah Fatiha Ghizlane Habiba "
        "Hafsa Hajar Hanane Hasna Houda Ikram Imane Jamila Kaoutar Karima Khadija Laïla Lamia "
        "Loubna Maha Mariam Meryem Mouna Nabila Nadia Naïma Najat Noura Ouafae Rabia Rajae "
        "Rania Sabah Saïda Salma Samira Sanaa Siham Soukaina Souad Wafa Yasmina Zineb"
    ),
    _words(
        "Abdelkader Abdellah Abderrahim Adil Ahmed Amine Anas Ayoub Aziz Bachir Bilal Chakib "
        "Driss Fouad Hakim Hamza Hassan Hicham Ibrahim Idriss Ilyas Ismaïl Jaouad Jamal Karim "
        "Khalid Lahcen Mahmoud Mehdi Mohamed Mounir Mourad Mustapha Nabil Nasser Omar Othmane "
        "Rachid Rédouane Saïd Salah Samir Soufiane Tarik Wassim Yassine Youssef Zakaria Ziad "
        "Abdel-Rahman"
    ),
    _words(
        "Abbas Achour Aziz Bakkali Chafik Daoudi Fahmi Ghanem Haddad Jabri Kabbaj Khoury "
        "Lahlou Mansouri Nasri Qasim Rahmani Saadi Sabbagh Tahiri Tazi Wahbi Zaoui Zeroual"
    )
    + _with_particles(
        "El |Al-|Ben |Aït ",
        "Amrani Idrissi Fassi Alaoui Hamdaoui Khatib Mokhtar Najjar Omari Rifai Salmi Tounsi "
        "Yacoubi Zahir Haddou Jilali Kacem Larbi Malki Nouri Said Taleb Ouali Brahim Chérif "
        "Driss Farouk Ghazi",
    ),
    second_given=0.12,
)
NORDIC = Culture(
    "SE",
    5,
    _words(
        "Agneta Anneli Åsa Astrid Birgitta Bodil Britta Cecilie Dagny Ebba Elin Elsebeth "
        "Frøydis Freja Gunhild Gunvor Hedda Hege Helga Hjördis Inger Ingeborg Jorunn Kaja "
        "Karin Kerstin Kirsten Kjersti Lisbet Liv Louise Maren Märta Marit Mette Ragnhild "
        "Randi Rikke Sigrid Signe Siri Solveig Synnøve Tove Tuva Ulla Vendela Vibeke Ylva "
        "Åshild"
    ),
    _words(
        "Aksel Anders Arne Asbjørn Bengt Bertil Birger Bjørn Børge Dag Einar Eirik Erland "
        "Espen Folke Fredrik Geir Göran Gunnar Håkan Halvor Harald Henning Holger Ingvar Ivar "
        "Jens Jörgen Kåre Kjell Knut Lennart Magnus Mikkel Morten Niklas Odd Olav Ove Palle "
        "Preben Ragnar Rasmus Sigurd Søren Sten Sven Terje Torbjörn Øystein"
    ),
    _joined(
        "Lind Berg Björk Ek Dal Hag Hög Ny Norr Söder Väster Sjö Ström Sand Sund Ahl Alm Asp "
        "Gran Bäck Hall Holm Kvarn Rosen Skog",
        "berg ström gren qvist lund mark vall blad stedt",
    )
    + _joined(
        "Anders Arvid Aksel Birger Christen Clemens Daniel Didrik Gudmund Gustaf Halvor "
        "Hemming Ingvar Iver Jeppe Knud Laur Magnus Mogen Niel Ol Poul Rasmus Sigurd Sven "
        "Thor Ulrik Villum",
        "sen",
    )
    + _words(
        "Østergaard Nørgaard Kjær Bæk Dæhli Skjelbred Hægeland Mørk Lærke Krogh Friis Åberg Öberg"
    ),
)
ITALIAN = Culture(
    "IT",
    3,
    _words(
        "Alessia Alfonsina Ambra Antonella Arianna Beatrice Bianca Carlotta Caterina Chiara "
        "Cinzia Clelia Concetta Donatella Elisabetta Emanuela Federica Fiorella Francesca "
        "Giada Ginevra Giovanna Giulia Graziella Ilaria Letizia Loredana Lucrezia Ludovica "
        "Margherita Marzia Matilde Noemi Ornella Paola Rosalba Serena Silvana Tiziana Viola"
    ),
    _words(
        "Achille Alberto Aldo Alessandro Angelo Armando Bruno Carlo Cesare Claudio Corrado "
        "Cosimo Dario Davide Donato Elio Emanuele Enzo Fabrizio Federico Filippo Flavio "
        "Gennaro Giacomo Gianluca Giancarlo Giuseppe Guido Leonardo Luca Lorenzo Marcello "
        "Massimo Niccolò Paolo Raffaele Renato Rocco Salvatore Vittorio"
    ),
    _words(
        "Agnelli Amato Barbieri Basile Bellini Benedetti Bianchi Bonetti Brambilla Bruni "
        "Cattaneo Cavallaro Colombo Conti Coppola Costantini Ferrara Ferretti Fontana Galli "
        "Gentile Giordano Grassi Grimaldi Leone Lombardi Longo Mancini Marchetti Mariani "
        "Martinelli Mazza Messina Montanari Morelli Neri Orlando Pagano Palmieri Parisi "
        "Pellegrini Piras Ricci Rinaldi Romano Rossetti Ruggiero Sala Santoro Sartori "
        "Silvestri Testa Valentini Villa Vitale Zanetti"
    )
    + _with_particles(
        "De |Di ",
        "Angelis Benedetto Carlo Donato Filippo Lorenzo Luca Martino Santis Simone Stefano",
    )
    + _with_particles("Del ", "Bianco Bosco Fiore Monte Piano Prato Rosso Vecchio")
    + ["D'Amico", "D'Angelo", "D'Antonio", "D'Elia", "D'Orazio", "La Rosa", "La Torre"],
)

CULTURES = (
    DUTCH,
    ENGLISH,
    GERMAN,
    FRENCH,
    SPANISH,
    PORTUGUESE,
    POLISH,
    TURKISH,
    VIETNAMESE,
    ARABIC,
    NORDIC,
    ITALIAN,
)
# One hundred places, as many per culture as its share: drawing a culture is one list access.
CULTURE_WHEEL = tuple(culture for culture in CULTURES for _ in range(culture.share))
