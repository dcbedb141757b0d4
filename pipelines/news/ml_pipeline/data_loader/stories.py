"""The words of the invented articles: what each planted topic's headlines and first sentences are made of.

Written as a newsroom would, so that most do not name their topic; some could be filed under two. In braces stands what
`local_feeds.py` fills in.
"""

COMPANIES = [
    "Alderbrook Foods",
    "Brightwater Robotics",
    "Calloway Freight",
    "Dunmore Pharma",
    "Eastgate Software",
    "Fennwick Retail",
    "Granite Peak Bank",
    "Hollis Aerospace",
    "Ironwood Semiconductors",
    "Juniper Hill Hotels",
    "Kestrel Motors",
    "Larkspur Telecom",
]
BANKS = ["Morrow & Pike", "Stanhope Securities", "Delacroix Capital", "Oakley Brothers", "Rheingold Partners"]
COUNTRIES = ["Canada", "Japan", "Brazil", "Germany", "India", "South Korea", "Mexico", "Italy", "Turkey", "Australia"]
PEOPLE = ["Amara Lindqvist", "Tomas Herrera", "Priya Raman", "Gerald Osei", "Ingrid Falk", "Daniel Whitcombe"]
COINS = ["bitcoin", "ether", "solana", "dogecoin", "a dollar-pegged stablecoin", "litecoin"]
CITIES = ["Lisbon", "Denver", "Osaka", "Nairobi", "Leeds", "Montreal", "Valencia"]

# topic: (headlines, summaries)
STORIES: dict[str, tuple[list[str], list[str]]] = {
    "Crypto": (
        [
            "{Coin} climbs past a level last seen {n} months ago",
            "Exchange halts withdrawals of {coin} after wallets are drained",
            "Miners sell their coins as the rewards for each block are halved",
            "Why pension funds are buying {coin} through a token fund",
            "A blockchain start-up lets shops take {coin} at the till",
            "Hackers return half of the tokens they took from a lending protocol",
            "{Coin} slides {n}% over the weekend as leveraged traders are wiped out",
        ],
        [
            "Digital-asset traders point to thin liquidity on the largest exchanges and to flows into token funds.",
            "The price of {coin} moved {n}% in a day, and bets worth millions were closed on offshore venues.",
            "Developers of the network said the wallet software had been patched and that no private keys were lost.",
            "The decentralised-finance platform keeps its users' coins in a contract on a public ledger.",
            "Analysts at {bank} said holders who had bought {coin} years ago are moving it to exchanges again.",
        ],
    ),
    "SEC": (
        [
            "Regulator charges former {company} executive with insider trading",
            "{company} settles with the securities watchdog over misleading disclosures",
            "SEC proposes that funds reveal their short positions sooner",
            "Commission fines {bank} for failing to keep its traders' messages",
            "Whistleblower is awarded ${n} million for a tip about an accounting fraud",
            "Enforcement lawyers sue the founder of {company} over statements to investors",
            "SEC commissioners split over the rule on climate disclosures",
        ],
        [
            "The Securities and Exchange Commission said the filings left out facts that investors should know.",
            "Without admitting wrongdoing, the firm agreed to pay a civil penalty of ${n} million, the agency said.",
            "The complaint, filed in federal court, alleges violations of the anti-fraud provisions of securities law.",
            "The agency's enforcement division said it is looking at how the quarterly filings were prepared.",
            "Comments on the proposed disclosure rule are open for {n} days, according to the regulator's notice.",
        ],
    ),
    "Dividend": (
        [
            "{company} raises its quarterly payout for the {n}th year in a row",
            "{company} suspends its dividend to save cash",
            "Three income stocks that {bank} likes for their yields",
            "{company} declares a special dividend of ${n} a share",
            "For retirees who live on payouts, these shares yield more than {n}%",
            "Shareholders of {company} will get more cash each quarter",
            "How safe is the dividend of {company}?",
        ],
        [
            "The board approved a payment of {n} cents a share to holders of record at the end of the month.",
            "With a dividend yield of {n}%, the shares have long been held by those who look for steady income.",
            "The payout ratio leaves room for further increases, analysts at {bank} wrote to income investors.",
            "It is the first cut of the quarterly distribution to shareholders in {n} years.",
            "Investors who seek regular income favour companies that have raised their dividends for decades.",
        ],
    ),
    "Economics": (
        [
            "Inflation in {country} eases to {n}% as food gets cheaper",
            "Employers added fewer jobs than forecast last month",
            "Central bank of {country} holds interest rates and sounds a note of caution",
            "Economists see growth in {country} slowing next year",
            "Consumer confidence falls to its lowest in {n} months",
            "Wages rise faster than prices for the first time since spring",
            "House prices in {country} cool as mortgage rates bite",
        ],
        [
            "Gross domestic product grew at an annual rate of {n}% in the quarter, official statistics showed.",
            "The consumer price index rose less than economists had expected, which leaves room for a cut in rates.",
            "The unemployment rate edged up while the number of people looking for work grew, the labour office said.",
            "Policy makers at the central bank said they need more evidence that inflation is returning to its target.",
            "Household spending, the main engine of the economy, was flat after retail sales fell.",
        ],
    ),
    "Oil or Gas": (
        [
            "Crude settles higher after producers stretch their output cuts",
            "Cold spell in Europe drives natural gas to a {n}-month high",
            "{country} approves a pipeline to its northern fields",
            "Drillers idle more rigs as barrel prices sag",
            "Tanker queue at the strait lifts Brent by {n}%",
            "Refinery fire in {country} tightens the market for diesel",
            "LNG terminal in {country} ships its first cargo",
        ],
        [
            "Brent futures rose to ${n0} a barrel after inventories fell by more than traders had expected.",
            "OPEC and its allies will pump {n} hundred thousand barrels a day less until the end of the quarter.",
            "Storage of natural gas stands {n}% below its five-year average as heating demand picks up.",
            "The offshore field holds an estimated {n} hundred million barrels of crude, the energy ministry said.",
            "Fuel makers have cut runs at their plants, and petrol at the pump is dearer than a month ago.",
        ],
    ),
    "IPO": (
        [
            "{company} files to go public in the autumn's biggest listing",
            "{company} prices its offering above the range",
            "Newly listed {company} jumps {n}% on its first day of trading",
            "{company} postpones its market debut, blaming volatile markets",
            "Bankers see the window for new listings opening again",
            "{company} picks {bank} to lead its initial public offering",
            "Start-up {company} seeks a valuation of ${n} billion at its debut",
        ],
        [
            "The company plans to sell {n} million shares in its initial public offering, according to its prospectus.",
            "Underwriters led by {bank} have an option to buy more of the newly issued shares.",
            "It will list on the exchange under a ticker of its own, ending {n} years in the hands of private owners.",
            "The debut had been awaited by venture capital investors, who backed the firm in several rounds.",
            "The offering raised ${n} hundred million, and the order book was covered many times over.",
        ],
    ),
    "Politics": (
        [
            "Senate passes a spending bill after an all-night session",
            "Prime minister of {country} calls an early election",
            "President vetoes the tariff bill and sends it back to Congress",
            "Opposition leader {person} leads the polls a week before the vote",
            "Coalition talks in {country} collapse over immigration",
            "Lawmakers press the minister over her meetings with lobbyists",
            "Diplomats from {country} walk out of the summit",
        ],
        [
            "Lawmakers voted largely along party lines, and the bill now goes to the president for signature.",
            "Polls show the governing party {n} points behind with the election less than a month away.",
            "The foreign ministry summoned the ambassador after remarks that the opposition called a provocation.",
            "{person}, who campaigned on lower taxes, needs the support of two smaller parties to govern.",
            "The government survived a vote of no confidence in parliament by {n} votes.",
        ],
    ),
    "Buffet": (
        [
            "Berkshire trims its largest holding for the {n}th time",
            "What the Oracle of Omaha wrote to his shareholders this year",
            "Warren Buffett's cash pile grows to a record",
            "Thousands travel to Omaha for the annual meeting",
            "Buffett adds to a stake in {company} that he began last summer",
            "The lesson that Charlie Munger taught Warren Buffett",
            "Berkshire Hathaway's insurance units lift its profit",
        ],
        [
            "The chairman of Berkshire Hathaway told shareholders that he looks for businesses he understands.",
            "A filing showed that Berkshire bought {n} million more shares of {company} in the quarter.",
            "The legendary investor has said that the best holding period is forever.",
            "Warren Buffett's conglomerate owns insurers, a railroad and stakes in dozens of listed companies.",
            "Asked about his successor, the billionaire from Nebraska pointed to {person}.",
        ],
    ),
    "Stock": (
        [
            "{company} shares fall {n}% after a warning on profit",
            "Wall Street closes mixed as chip makers give back their gains",
            "{bank} upgrades {company} and sees {n}% upside",
            "Stocks making the biggest moves after hours: {company} and others",
            "The benchmark index ends the week at a record",
            "Traders rotate out of technology shares and into banks",
            "Short sellers circle {company} as its rally runs out",
        ],
        [
            "The shares rose {n}% in early trading after quarterly earnings beat what analysts had expected.",
            "The S&P 500 and the Nasdaq Composite ended lower, while the Dow gained {n}0 points.",
            "Analysts at {bank} rate the stock a buy and raised their price target to ${n0}.",
            "Equities have rallied for {n} weeks, led by the largest technology names.",
            "Trading volume was twice its daily average as the stock broke below its moving average.",
        ],
    ),
    "Other": (
        [
            "The chef who turned a railway arch in {city} into a bakery",
            "{city} beats its rivals on penalties to reach the cup final",
            "Five novels to take on a long train journey",
            "Astronomers photograph a comet that returns once in {n} centuries",
            "How to sleep better when it is hot, according to doctors",
            "Storm leaves thousands around {city} without power",
            "A family from {city} spent a year sailing round the world",
        ],
        [
            "The film, shot in {city} over one winter, won over the festival's jury and its audience.",
            "Doctors advise a short walk after meals and less screen time in the evening.",
            "The coach praised her players, who had trained in the rain for {n} weeks.",
            "Visitors can see the restored mosaics from Saturday, and children enter free.",
            "Forecasters expect heavy rain and wind until the weekend and warn of flooded roads.",
        ],
    ),
}
