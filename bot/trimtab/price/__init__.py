"""Money: rates, the bill, and what each finding is worth. Pure but for reading the operator's price file."""

from trimtab.price.bill import Bill, WorkloadCost, bill
from trimtab.price.table import Prices, load_prices
from trimtab.price.worth import Pricing, price

__all__ = ["Bill", "Prices", "Pricing", "WorkloadCost", "bill", "load_prices", "price"]
