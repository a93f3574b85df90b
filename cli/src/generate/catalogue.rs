//! The shop behind the orders: what it sells, and to whom.
//!
//! Everything here is the same for every seed: a product keeps its category and price, a customer
//! keeps a country and an address, in every run.

use super::random::{Random, Weighted};

const PRODUCTS: u32 = 2_000;
const CUSTOMERS: u32 = 50_000;
const CATALOGUE_SEED: u64 = 0x5e_ed_0f_5a_1e;

/// Name, share of the products, typical unit price in cents.
const CATEGORIES: [(&str, u64, u64); 10] = [
    ("electronics", 16, 28_900),
    ("fashion", 18, 4_900),
    ("home & kitchen", 14, 6_400),
    ("books", 12, 1_690),
    ("beauty", 10, 2_250),
    ("sports", 9, 5_500),
    ("toys", 8, 2_790),
    ("garden", 5, 7_900),
    ("office", 5, 1_890),
    ("grocery", 3, 990),
];

/// ISO 3166 code, ISO 4217 currency, share of the customers.
const COUNTRIES: [(&str, &str, u64); 14] = [
    ("DE", "EUR", 20),
    ("US", "USD", 18),
    ("FR", "EUR", 12),
    ("GB", "GBP", 12),
    ("ES", "EUR", 7),
    ("IT", "EUR", 7),
    ("NL", "EUR", 5),
    ("CA", "CAD", 4),
    ("AT", "EUR", 3),
    ("CH", "CHF", 3),
    ("SE", "SEK", 3),
    ("PL", "PLN", 3),
    ("AU", "AUD", 2),
    ("IE", "EUR", 1),
];

const FIRST_NAMES: [&str; 16] = [
    "ada",
    "alan",
    "barbara",
    "carlos",
    "chen",
    "edith",
    "fatima",
    "grace",
    "ines",
    "jonas",
    "katherine",
    "linus",
    "maria",
    "noor",
    "olu",
    "yuki",
];
const LAST_NAMES: [&str; 16] = [
    "becker", "diaz", "eriksson", "fischer", "garcia", "hopper", "ito", "kowalski", "lovelace",
    "martin", "nguyen", "okafor", "rossi", "smith", "turing", "weber",
];
/// Domains that RFC 2606 keeps free: no mail can reach anybody.
const MAIL_DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

/// What one line of an order is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    pub(crate) number: u32,
    pub(crate) category: &'static str,
    pub(crate) unit_cents: u64,
}

/// Who orders.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Customer {
    pub(crate) number: u32,
    pub(crate) country: &'static str,
    pub(crate) currency: &'static str,
}

impl Customer {
    /// The parts of the customer's address: `first.last<number>@domain`.
    pub(crate) fn email(&self) -> [&'static str; 3] {
        let number = self.number as usize;
        [
            FIRST_NAMES[number % FIRST_NAMES.len()],
            LAST_NAMES[number / FIRST_NAMES.len() % LAST_NAMES.len()],
            MAIL_DOMAINS[number % MAIL_DOMAINS.len()],
        ]
    }
}

/// Products and customers; a few of each make most of the orders.
pub(crate) struct Catalogue {
    products: Vec<Product>,
    customers: Vec<Customer>,
    product_demand: Weighted,
    customer_demand: Weighted,
}

impl Catalogue {
    pub(crate) fn new() -> Self {
        let mut random = Random::seeded(CATALOGUE_SEED);
        let categories = Weighted::new(CATEGORIES.map(|(_, share, _)| share));
        let countries = Weighted::new(COUNTRIES.map(|(.., share)| share));
        Self {
            products: (1..=PRODUCTS)
                .map(|number| product(number, &categories, &mut random))
                .collect(),
            customers: (1..=CUSTOMERS)
                .map(|number| {
                    let (country, currency, _) = COUNTRIES[countries.draw(&mut random)];
                    Customer { number, country, currency }
                })
                .collect(),
            product_demand: Weighted::zipf(PRODUCTS),
            customer_demand: Weighted::zipf(CUSTOMERS),
        }
    }

    pub(crate) fn product(&self, random: &mut Random) -> Product {
        self.products[self.product_demand.draw(random)]
    }

    pub(crate) fn customer(&self, random: &mut Random) -> Customer {
        self.customers[self.customer_demand.draw(random)]
    }
}

/// A product of a random category. Its price is the category's, multiplied by several random
/// factors: prices are spread as a log-normal distribution would spread them, in exact cents.
fn product(number: u32, categories: &Weighted, random: &mut Random) -> Product {
    let (category, _, typical_cents) = CATEGORIES[categories.draw(random)];
    let spread = (0..5).fold(typical_cents * 1_024, |cents, _| {
        cents * u64::from(600 + random.below(1_000)) / 1_024
    });
    let whole = (spread / 1_024 / 100).max(1) * 100;
    let unit_cents = whole + random.pick(&[0, 49, 90, 95, 99]);
    Product { number, category, unit_cents }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_products_and_customers_make_most_of_the_orders() {
        let catalogue = Catalogue::new();
        let mut random = Random::seeded(3);
        let draws = 20_000;
        let top = (0..draws).filter(|_| catalogue.product(&mut random).number <= 200).count();
        assert!(top * 100 > draws * 60, "{top}");
        let top = (0..draws).filter(|_| catalogue.customer(&mut random).number <= 5_000).count();
        assert!(top * 100 > draws * 70, "{top}");
    }
}
