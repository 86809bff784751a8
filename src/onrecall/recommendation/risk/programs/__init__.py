"""Programs: the tables of what their options and operands do, and how arguments are held against them."""
