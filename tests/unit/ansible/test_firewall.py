"""The firewall's rules as the role writes them: what the inventory lets in besides."""

from pathlib import Path

from jinja2 import Environment, StrictUndefined

TEMPLATE = Path(__file__).parents[3] / "ansible/roles/firewall/templates/nftables.conf.j2"


def incoming(*rules: str) -> list[str]:
    """What is done with a packet that comes in, in order, on the one machine of a site with these rules."""
    jinja = Environment(trim_blocks=True, undefined=StrictUndefined, autoescape=False)  # noqa: S701  it is no HTML
    jinja.filters["bool"] = bool
    text = jinja.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        inventory_hostname="web1",
        groups={"web": ["web1"]},
        balancers=["web1"],
        valkey_machine="web1",
        mirror_machine="web1",
        valkey_is_reached_from=[],
        mirror_is_reached_from=[],
        pages_are_balanced=False,
        lastyear_ssh_from=["0.0.0.0/0"],
        lastyear_firewall_rules=rules,
    )
    chain = text.partition("chain input {\n")[2].partition("\n\t}")[0].splitlines()
    return [line.strip() for line in chain]


def test_what_the_inventory_says_is_let_in_besides_and_nothing_else() -> None:
    own = "ip saddr 192.0.2.7 tcp dport 9100 accept"
    assert incoming()[-1] == "tcp dport { 80, 443 } accept"
    assert incoming(own) == [*incoming(), "# The inventory's lastyear_firewall_rules.", own]
