"""The verb bench: raw series of the programs in bench/, and the tables and goals made of them."""
