//! Names and places for invented people. Frequent ones of Belgium and France; any likeness is chance.

pub(crate) const WOMEN: &[&str] = &[
    "Marie", "Jeanne", "Nathalie", "Isabelle", "Sophie", "Camille", "Chloé", "Émilie", "Anne-Sophie", "Louise",
    "Françoise", "Monique", "Martine", "Fatima", "Aïcha", "Zoé", "Éléonore", "Lucie", "Manon", "Inès", "Rose",
    "Marie-Thérèse", "Brigitte", "Élise", "Gabrielle", "Yasmina", "Noémie", "Pascale", "Véronique", "Claire",
    "Andrée", "Dominique", "Lina", "Margaux", "Hélène", "Denise", "Ginette", "Colette", "Sylvie", "Aurore",
];

pub(crate) const MEN: &[&str] = &[
    "Jean", "Pierre", "Luc", "Michel", "François", "Hugo", "Louis", "Jean-Pierre", "Rémy", "Benoît", "Maxime",
    "Mohamed", "Youssef", "Karim", "Gaston", "Marcel", "André", "Dominique", "Jérôme", "Sébastien", "Théo",
    "Nathan", "Lucas", "Arthur", "Étienne", "Olivier", "Didier", "Guy", "Roland", "Fernand", "Noé", "Adam",
    "Gaëtan", "Loïc", "Thibault", "Quentin", "Emmanuel", "Raphaël", "Jean-Marc", "Cédric", "Victor", "Paul",
];

pub(crate) const FAMILIES: &[&str] = &[
    "Dupont", "Lambert", "Martin", "Dubois", "Lefèvre", "Peeters", "Janssens", "Maes", "Van den Berghe", "Simon",
    "Laurent", "Leclercq", "Renard", "De Smet", "Wauters", "Claes", "Gérard", "Mertens", "Noël", "Petit",
    "Moreau", "Fontaine", "D'Hondt", "El Amrani", "Benali", "Yilmaz", "Nguyen", "Kabongo", "Mbuyi", "Rossi",
    "Da Silva", "Marchal", "Delcourt", "Vandenbroucke", "Lejeune", "Poncelet", "Thiry", "Bodart", "Collignon",
    "Hubert", "Carlier", "Dumont", "Evrard", "Gillet", "Hardy", "Jacquemin", "Lacroix", "Léonard", "Mathieu",
    "Nicolas", "Olivier", "Pirard", "Quertinmont", "Rousseau", "Servais", "Tilmant", "Urbain", "Verhoeven",
    "Willems", "Zimmer", "Besson", "Chevalier", "Bertrand", "Faure", "Garnier", "Le Goff", "Legrand", "Masson",
    "Perrin", "Roche", "Court", "Blanc", "Boulanger", "Rivière", "Dujardin", "Vermeulen", "Stevens", "De Backer",
    "Lemaire", "Goossens", "Bastin", "Charlier", "Detry", "Engels", "Flament", "Grégoire", "Henrard", "Istace",
];

pub(crate) const STREETS: &[&str] = &[
    "rue de la Station", "rue des Tilleuls", "avenue Victor Hugo", "chaussée de Namur", "rue du Moulin",
    "place Saint-Pierre", "boulevard de la Sauvenière", "rue de l'Église", "clos des Érables", "drève du Prieuré",
    "rue Général Leman", "avenue des Combattants", "rue Haute", "quai de Rome", "allée des Acacias", "rue Neuve",
    "route de Philippeville", "impasse du Puits", "rue Sainte-Catherine", "avenue Reine Astrid",
];

/// Postal code and town.
pub(crate) const BELGIAN_TOWNS: &[(&str, &str)] = &[
    ("4000", "Liège"), ("5000", "Namur"), ("7000", "Mons"), ("6000", "Charleroi"), ("1300", "Wavre"),
    ("1200", "Woluwe-Saint-Lambert"), ("6700", "Arlon"), ("4800", "Verviers"), ("7500", "Tournai"),
    ("5100", "Jambes"), ("1340", "Ottignies"), ("6600", "Bastogne"), ("4500", "Huy"), ("5660", "Couvin"),
    ("1050", "Ixelles"), ("7800", "Ath"), ("4960", "Malmedy"), ("5500", "Dinant"), ("1400", "Nivelles"),
];

/// Postal code and town.
pub(crate) const FRENCH_TOWNS: &[(&str, &str)] = &[
    ("59000", "Lille"), ("51100", "Reims"), ("54000", "Nancy"), ("08000", "Charleville-Mézières"),
    ("59300", "Valenciennes"), ("75014", "Paris"), ("69003", "Lyon"), ("80000", "Amiens"), ("62000", "Arras"),
    ("57000", "Metz"), ("67000", "Strasbourg"), ("35000", "Rennes"), ("44000", "Nantes"),
];

/// The sites of the simulated hospital: name, street, postal code, town, telephone, domain.
pub(crate) const SITES: &[[&str; 6]] = &[
    ["CHU Saint-Aubin", "rue du Prieuré 12", "5000", "Namur", "081/72 00 10", "chu-saint-aubin.example"],
    ["Clinique des Trois Vallées", "avenue des Ardennes 45", "4800", "Verviers", "087 21 30 00", "troisvallees.example"],
    ["Centre hospitalier du Val Fleuri", "18, rue des Fusillés", "59300", "Valenciennes", "03 27 14 00 00", "valfleuri.example"],
];

/// Radiologists: family name, first name.
pub(crate) const RADIOLOGISTS: &[(&str, &str)] = &[
    ("Marchand", "Hélène"), ("Wuyts", "Pieter"), ("Lecomte", "François"), ("Benhaddou", "Samira"),
    ("De Ridder", "Anne"), ("Collard", "Jean-Luc"), ("Ferrand", "Bérénice"), ("Mukendi", "Patrick"),
];
