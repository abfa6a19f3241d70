"""What is said: the languages of pages, embeds and mails, the names of countries, and the catalogues."""
