"""Push notifications over HTTP: people add and remove their own devices."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from onrecall.http.dependencies import TheCaller
from onrecall.http.problems import responses
from onrecall.pipeline.push_subscriptions import PushDevices
from onrecall.schemas.push import PushOut, PushSubscriptionIn, PushSubscriptionOut

router = APIRouter(prefix="/api/v1", tags=["push"])


async def _devices(request: Request) -> PushDevices:
    devices: PushDevices = request.app.state.push_devices
    return devices


TheDevices = Annotated[PushDevices, Depends(_devices)]


@router.get("/push")
def overview(caller: TheCaller, devices: TheDevices) -> PushOut:
    """Return the key that a browser needs to subscribe, and your devices that are notified."""
    items = [PushSubscriptionOut.of(device) for device in devices.of(caller)]
    return PushOut(public_key=devices.public_key, items=items)


@router.put("/push/subscriptions", responses=responses(404, 409))
def subscribe(device: PushSubscriptionIn, caller: TheCaller, devices: TheDevices) -> PushSubscriptionOut:
    """Notify a device of new incidents, or change its services. Repeating it changes nothing."""
    subscribed = devices.subscribe(caller, device.endpoint, device.p256dh, device.auth, device.services)
    return PushSubscriptionOut.of(subscribed)


@router.delete("/push/subscriptions/{subscription_id}", status_code=204, responses=responses(404))
def unsubscribe(subscription_id: str, caller: TheCaller, devices: TheDevices) -> None:
    """Stop notifying one of your devices; an admin stops anybody's."""
    devices.unsubscribe(caller, subscription_id)
