"""Figures for decisions: monthly facts, the catalogue of what can be asked, questions and answers, the forms the law asks for, use of the product."""
