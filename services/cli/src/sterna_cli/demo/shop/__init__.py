from sterna_cli.demo.shop.create_shop import OnStep, create_shop
from sterna_cli.demo.shop.step import Step

__all__ = ["OnStep", "Step", "create_shop"]
