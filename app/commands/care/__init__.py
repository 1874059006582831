"""Care in institutions: the register of institutions, contracts and absences, monthly invoices, and what of them a payment register pays."""
