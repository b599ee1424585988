"""What people shorten in the names of tables and columns."""

from collections import defaultdict

_SHORT: dict[str, str] = {
    "account": "acc acct", "action": "actn", "active": "actv", "actual": "act",
    "address": "addr adr adrs", "administrator": "admin", "agreement": "agrmt", "allocation": "alloc",
    "amount": "amt amnt", "application": "app appl", "approval": "appr aprvl", "area": "ar",
    "average": "avg", "balance": "bal", "begin": "beg bgn", "birth": "brth", "branch": "br brnch",
    "building": "bldg", "business": "bus bsns", "calculation": "calc", "category": "cat catg ctgry",
    "change": "chg chng", "character": "char", "check": "chk", "city": "cty",
    "code": "cd cde", "comment": "cmt cmnt", "commission": "comm", "company": "co comp cmpny",
    "condition": "cond", "configuration": "config cfg", "contact": "cntct", "contract": "contr cntrct",
    "count": "cnt ct", "country": "cntry ctry", "created": "crt crtd", "credit": "cr crdt",
    "currency": "curr ccy crncy", "current": "cur curr", "customer": "cust cstmr",
    "date": "dt dte", "day": "dy", "debit": "dr dbt", "default": "dflt", "delivery": "dlvry dlv",
    "department": "dept dep dpt", "description": "desc descr dsc", "destination": "dest",
    "detail": "det dtl", "difference": "diff", "discount": "disc dscnt", "district": "dist",
    "division": "div", "document": "doc", "effective": "eff", "employee": "emp empl emply",
    "end": "en", "environment": "env", "error": "err", "estimate": "est", "exchange": "exch",
    "expiry": "exp", "expiration": "exp", "external": "ext", "extension": "ext", "first": "fst frst",
    "flag": "flg fl ind", "frequency": "freq", "gender": "gndr", "group": "grp", "height": "hgt ht",
    "history": "hist hst", "hour": "hr", "house": "hse", "identifier": "id ident",
    "image": "img", "indicator": "ind", "information": "info inf", "insurance": "ins",
    "internal": "int", "invoice": "inv invc", "item": "itm", "language": "lang lng",
    "last": "lst", "latitude": "lat", "length": "len", "level": "lvl lev", "limit": "lmt lim",
    "line": "ln", "list": "lst", "location": "loc", "longitude": "lon lng", "manager": "mgr mngr",
    "manufacturer": "mfr manuf", "maximum": "max", "measure": "meas", "member": "mbr memb",
    "message": "msg", "method": "mthd", "middle": "mid mdl", "minimum": "min", "minute": "mi",
    "modified": "mod modif", "month": "mon mth mnth", "name": "nm nme nam", "number": "no num nbr nr nmbr",
    "object": "obj", "operation": "op oper", "order": "ord ordr", "organization": "org organisation",
    "original": "orig", "package": "pkg", "page": "pg", "parameter": "param parm",
    "parent": "prnt par", "password": "pwd passwd pw", "payment": "pay pmt pymt", "percent": "pct perc prcnt",
    "percentage": "pct perc", "period": "per prd", "person": "pers prsn", "phone": "ph phn tel telephone",
    "picture": "pic", "position": "pos posn", "postal": "pstl post", "previous": "prev", "price": "prc pr",
    "primary": "pri prim", "priority": "prio prty", "process": "proc", "product": "prod prd",
    "project": "proj prj", "purchase": "purch", "quantity": "qty qnty quant", "quarter": "qtr",
    "rate": "rt", "reason": "rsn", "receipt": "rcpt", "received": "recd rcvd", "record": "rec",
    "reference": "ref", "region": "reg rgn", "registration": "reg", "report": "rpt", "request": "req rqst",
    "required": "req reqd", "response": "resp rsp", "result": "res rslt", "salary": "sal slry",
    "sales": "sls", "schedule": "sched", "second": "sec", "section": "sect", "sequence": "seq",
    "serial": "ser", "service": "svc serv srv", "shipment": "shpmt shp", "shipping": "ship shp",
    "source": "src", "standard": "std", "start": "strt", "state": "st", "statistics": "stat stats",
    "status": "stat sts stts", "street": "str st strt", "subject": "subj", "supplier": "supp suppl splr",
    "system": "sys", "table": "tbl tab", "target": "tgt trgt", "temperature": "temp", "temporary": "temp tmp",
    "text": "txt", "time": "tm", "timestamp": "ts tmstmp", "title": "ttl", "total": "tot ttl",
    "transaction": "txn trans trx tran", "transfer": "xfer trf", "type": "typ tp", "unit": "un ut",
    "updated": "upd updt", "user": "usr", "valid": "vld", "value": "val vl", "vehicle": "veh",
    "vendor": "vend vndr", "version": "ver vers vsn", "volume": "vol", "warehouse": "whse wh",
    "week": "wk", "weight": "wt wgt", "width": "wdth", "year": "yr", "zip": "zp",
}  # fmt: skip


def _words() -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for word, shorts in _SHORT.items():
        for short in shorts.split():
            found[short].add(word)
    return {short: frozenset(words) for short, words in found.items()}


WORDS = _words()
"""The words that a short form may stand for."""

SHORT_FORMS: dict[str, tuple[str, ...]] = {
    word: tuple(shorts.split()) for word, shorts in _SHORT.items()
}
"""The short forms of a word."""
