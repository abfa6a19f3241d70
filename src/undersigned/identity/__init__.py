"""Who somebody is: mailboxes, organisations' domains, the keys made of them, their names, and the links that we mail them."""
