"""The API of the price of a better model: the forecast, and measuring the learning curve behind it."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.actions.counting import counted_or_coming
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import Scope
from labeling.queries.slices import Slice
from training.actions.price import PriceSpec, cancel_price, start_price
from training.api.serializers.price import (
    PriceJobSerializer,
    PriceQuestionSerializer,
    PriceRequestSerializer,
    PriceSerializer,
)
from training.queries.price import Wish, price_of


class PriceView(ApiView):
    """The price of a better model of a campaign."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(operation_id="read_price", parameters=[PriceQuestionSerializer], responses=PriceSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get the learning curve, and what more votes cost and bring. For leads."""
        campaign = get_led_campaign(self.person, slug)
        counted, _is_coming = counted_or_coming(campaign=campaign, part=Slice(), now=self.now)
        price = price_of(campaign, Wish(**self.asked(PriceQuestionSerializer)), counted, now=self.now)
        job = PriceJobSerializer(price.job, context={"reader": self.person}).data if price.job else None
        return Response({**price.as_json(), "job": job})

    @extend_schema(operation_id="measure_price", request=PriceRequestSerializer, responses={201: PriceJobSerializer})
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Have a worker measure the learning curve by short runs on parts of the labels. For leads."""
        campaign = get_led_campaign(self.person, slug)
        spec = PriceSpec(**self.validated(PriceRequestSerializer, request))
        job = start_price(campaign=campaign, acting_user=self.person, now=self.now, spec=spec)
        return Response(PriceJobSerializer(job, context={"reader": self.person}).data, status=status.HTTP_201_CREATED)


class CancelPriceView(ApiView):
    """Cancelling a measurement."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="cancel_price", request=None, responses=PriceJobSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Cancel the campaign's measurement after its current step. Finished short runs stay. For leads."""
        campaign = get_led_campaign(self.person, slug)
        job = cancel_price(campaign=campaign, acting_user=self.person, now=self.now)
        return Response(PriceJobSerializer(job, context={"reader": self.person}).data)
