"""`twistd b2bua`: names the service and where it is made."""

from twisted.application.service import ServiceMaker

b2bua = ServiceMaker(
    "b2bua", "b2bua.app.twistd", "A programmable back-to-back user agent for SIP.", "b2bua"
)

__all__ = ["b2bua"]
