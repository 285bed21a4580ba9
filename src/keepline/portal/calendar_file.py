"""A calendar as iCalendar (RFC 5545, RFC 7986): one event a line, in the reader's language.

The same view gives the same bytes, so that ETag can tell whether anything is new: stamps are those
of the lines' last changes and not of the moment at which somebody asked.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from icalendar import Alarm, Calendar, Event, Timezone

from keepline.core.formats import city_of, instant
from keepline.flows.show_calendar import CalendarEntry, CalendarView
from keepline.gateways import switchboard
from keepline.portal.templatetags.words import line_name, line_state

ASK_AGAIN = timedelta(hours=6)
COUNTED_FROM = datetime(2020, 1, 1, tzinfo=UTC)  # SEQUENCE is a number of 31 bits
YEARS_BEHIND, YEARS_AHEAD = 1, 3  # of rules for summer time around an event
SUMMARIES = {
    "runs_out": gettext_lazy("%(line)s: runs out unless renewed"),
    "renews": gettext_lazy("%(line)s: paid until now, renews by itself"),
    "suspends": gettext_lazy("%(line)s: grace ends, suspended unless renewed"),
    "withdrawn": gettext_lazy("%(line)s: withdrawn unless renewed"),
    "reclaimable": gettext_lazy("%(line)s: last chance to have the number back"),
    "lost": gettext_lazy("%(line)s: the number is lost"),
    "stands": gettext_lazy("%(line)s: paid until now"),
}


def calendar_file(view: CalendarView) -> bytes:
    """The file. No query."""
    with translation.override(view.language):
        calendar = Calendar()
        calendar.add("prodid", "-//Keepline//Lines//EN")
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        name = _("My lines")
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", ASK_AGAIN)
        for zone in _zones(view.entries):
            calendar.add_component(zone)
        for entry in view.entries:
            calendar.add_component(_event(entry, view.language))
        content: bytes = calendar.to_ical()
    return content


def _zones(entries: Sequence[CalendarEntry]) -> list[Timezone]:
    """What the zones of the events mean, over the years in which the events are."""
    years: dict[str, tuple[int, int]] = {}
    for entry in entries:
        if entry.time_zone != "UTC":
            first, last = years.get(entry.time_zone, (entry.at.year, entry.at.year))
            years[entry.time_zone] = min(first, entry.at.year), max(last, entry.at.year)
    return [_zone(name, *span) for name, span in sorted(years.items())]


@lru_cache(maxsize=256)
def _zone(name: str, first_year: int, last_year: int) -> Timezone:
    first = datetime(first_year - YEARS_BEHIND, 1, 1).date()  # noqa: DTZ001 - a date, in the zone
    last = datetime(last_year + YEARS_AHEAD, 1, 1).date()  # noqa: DTZ001
    return Timezone.from_tzinfo(ZoneInfo(name), name, first_date=first, last_date=last)


def _event(entry: CalendarEntry, language: str) -> Event:
    event = Event()
    page = f"{switchboard.public_url()}/lines/{entry.line_id}/"
    zone = UTC if entry.time_zone == "UTC" else ZoneInfo(entry.time_zone)
    event.add("uid", f"{entry.line_id}@keepline")
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("sequence", max(0, int((entry.changed_at - COUNTED_FROM).total_seconds())))
    event.add("dtstart", entry.at.astimezone(zone).replace(microsecond=0))
    event.add("summary", _summary(entry))
    event.add("description", "\n".join([*_facts(entry, language), "", page]))
    event.add("url", page)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")  # it takes no time of anybody's day
    for days in entry.days_ahead:
        event.add_component(_alarm(days, entry))
    return event


def _alarm(days: int, entry: CalendarEntry) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(days=-days))
    alarm.add("description", _summary(entry))
    return alarm


def _summary(entry: CalendarEntry) -> str:
    named = {"line": line_name(entry) or _("Line without a number")}
    return str(SUMMARIES[entry.kind]) % named


def _facts(entry: CalendarEntry, language: str) -> list[str]:
    """What is true of the line, a sentence each; instants in the line's own zone."""

    def at(moment: datetime) -> str:
        city = city_of(entry.time_zone, language)
        return f"{instant(moment, entry.time_zone, language)} ({city})"

    facts = [_("State: %s") % line_state(entry.state)]
    if entry.kind in ("runs_out", "renews", "stands"):
        facts.append(_("Paid until %s.") % at(entry.expires_at))
    else:
        facts.append(_("Ran out on %s.") % at(entry.expires_at))
    if entry.renews_at is not None:
        facts.append(_("Renews by itself; first try on %s.") % at(entry.renews_at))
    if entry.withdrawn_at is not None:
        facts.append(_("Not renewed, it is withdrawn on %s.") % at(entry.withdrawn_at))
    if entry.kind == "reclaimable":
        facts.append(_("You alone may have the number back until %s.") % at(entry.at))
    if entry.lost_at is not None:
        lost = _("Date of loss: %s. From then on somebody else may have it.")
        facts.append(lost % at(entry.lost_at))
    return facts
