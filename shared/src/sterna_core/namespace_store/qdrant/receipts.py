from sterna_core.errors import Fenced
from sterna_core.namespace_store.qdrant.side import Side
from sterna_core.namespace_store.receipt import Receipt


class QdrantReceipts:
    """The receipts of a space and its epoch, as good as they can be without transactions."""

    def __init__(self, side: Side) -> None:
        self._side = side

    async def receipt(self, name: str) -> Receipt | None:
        """Give what was written under a name."""
        kept = await self._side.read("receipt", name)
        return None if kept is None else Receipt(name, kept["epoch"], kept["body"])

    async def raise_epoch(self, epoch: int) -> int:
        """Refuse work of lower epochs from now on; give the epoch in force, which never falls."""
        now = max(epoch, await self._epoch())
        await self._side.write("fence", epoch=now)
        return now

    async def wanted(self, receipt: Receipt) -> bool:
        """Tell whether the work is still to be done; raises Fenced where its epoch is over."""
        await self._check(receipt)
        return await self.receipt(receipt.name) is None

    async def keep(self, receipt: Receipt) -> None:
        """Write a receipt, once the documents are written."""
        await self._check(receipt)
        await self._side.write(
            "receipt", receipt.name, name=receipt.name, epoch=receipt.epoch, body=receipt.body
        )

    async def _check(self, receipt: Receipt) -> None:
        if receipt.epoch < await self._epoch():
            raise Fenced("This work belongs to an epoch that is over.")

    async def _epoch(self) -> int:
        kept = await self._side.read("fence")
        return 0 if kept is None else int(kept["epoch"])
