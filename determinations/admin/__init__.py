"""The admin site: the product's own pages (``urls``) and Django's for the rest."""
