"""Users sign in; accounts own lines and wallets. A membership ties them with a role."""

from typing import Any, ClassVar

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import models
from django.db.models import Q

from keepline.core.lifecycle.identity_check import IdentityState
from keepline.slots.models import SlottedModel, StatedModel


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail or phone; allauth does the rest."""

    def create_user(
        self, email: str | None = None, password: str | None = None, **fields: object
    ) -> "User":
        user = self.model(email=self.normalize_email(email) if email else None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. Not sharded; never joined in a hot path."""

    email = models.EmailField(unique=True, null=True, blank=True)
    phone = models.CharField(max_length=16, unique=True, null=True, blank=True)  # E.164 with +
    phone_verified = models.BooleanField(default=False)
    phone_shown_at = models.DateTimeField(null=True, blank=True)  # when a code last reached it
    # A lost number is no key: when it leaves its holder it moves here (services.detach_phones).
    former_phone = models.CharField(max_length=16, blank=True)
    # When an e-mail, a phone or a forgotten password was last replaced; null: never.
    contacts_changed_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email__gt="") | Q(phone__gt="") | Q(former_phone__gt=""),
                name="user_reachable",
            )
        ]

    def __str__(self) -> str:
        return self.email or self.phone or f"user {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Forms and allauth say "" for none; only NULL may stand twice in a unique column.
        self.email = self.email or None
        self.phone = self.phone or None
        super().save(*args, **kwargs)


class Account(SlottedModel):
    """What owns lines and wallets."""

    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)  # ISO 4217, what prices are shown in
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    # ISO 3166-1 alpha-2 of the holder's home, "" while nobody said it; taxes may follow it.
    country = models.CharField(max_length=2, blank=True, default="", db_default="")
    # Contacts of an imported base: unverified until the holder claims the account.
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=16, blank=True)
    external_ref = models.CharField(max_length=64, null=True)  # the operator's own number for it
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    clock_id = models.IntegerField(default=0, db_default=0)  # TestClock; 0 is the real clock
    # How many lines it may have, 0 for no end; null: as all others (KEEPLINE_LINES_PER_ACCOUNT).
    line_cap = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["clock_id", "slot", "id"],
                name="account_on_test_clock",
                condition=~Q(clock_id=0),
            ),
            models.Index(
                fields=["contact_email"],
                name="account_on_file",
                condition=Q(external_ref__isnull=False),
            ),
        ]
        constraints = [
            # An imported account's slot is a function of its reference, so this is global.
            models.UniqueConstraint(fields=["slot", "external_ref"], name="account_external_ref"),
        ]


class IdentityCheck(StatedModel):
    """One time that an account's holder was to show who they are, and what came of it.

    No document, name or date of birth: the provider keeps those, or nobody does.
    """

    state = models.CharField(max_length=12, default=IdentityState.PENDING)
    account_id = models.UUIDField()
    provider = models.CharField(max_length=40)  # the adapter's name; its id of the check is ours
    actor = models.CharField(max_length=64)
    reason = models.CharField(max_length=32, blank=True)  # of a refusal, one of the port's words
    return_url = models.CharField(max_length=500, blank=True)  # a partner's; "" for our own page
    country = models.CharField(max_length=2, blank=True)  # of the document, if the provider says so
    of_age = models.BooleanField(null=True)  # likewise
    asked_at = models.DateTimeField()  # real time, as all instants here
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "accounts_identitycheck"
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "account_id"],
                name="identity_check_once",
                condition=Q(state__in=["pending", "verified"]),
            ),
        ]
        indexes = [
            models.Index(fields=["slot", "account_id"], name="identity_check_of_account"),
            models.Index(
                fields=["next_look_at"],
                name="identity_check_due",
                condition=Q(next_look_at__isnull=False),
            ),
        ]


class TestClock(models.Model):
    """A clock that stands still and moves by command: accounts that live by it have its time.

    Not sharded, and never in production.
    """

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=60, unique=True)
    now_at = models.DateTimeField()  # what it shows
    created_at = models.DateTimeField()  # by the real clock


class Role(models.TextChoices):
    """What a member may do, from least to most."""

    SEE = "see"
    RECEIVE = "receive"
    SPEND = "spend"
    MANAGE = "manage"
    OWNER = "owner"


class Membership(models.Model):
    """A user's role in an account. Lives on the users' side: no foreign key across the wall."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    account_id = models.UUIDField(db_index=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    since_at = models.DateTimeField(auto_now_add=True)
    is_chosen = models.BooleanField(default=False)  # of several accounts they act for this one

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "account_id"], name="membership_once"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_chosen=True), name="membership_one_chosen"
            ),
        ]


class ApiToken(models.Model):
    """A bearer token, kept as SHA-256 only; it acts as its user within one account."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    slot = models.SmallIntegerField(editable=False)  # the account's, so that one shard answers
    account_id = models.UUIDField()
    name = models.CharField(max_length=60)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class CalendarFeed(models.Model):
    """The secret address of a member's calendar of an account, kept as SHA-256 only.

    It ends with the membership. Made anew, it has another digest: the address before is dead.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_feeds")
    slot = models.SmallIntegerField(editable=False)  # the account's, so that one shard answers
    account_id = models.UUIDField()
    digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "accounts_calendarfeed"
        constraints = [
            models.UniqueConstraint(fields=["user", "account_id"], name="calendar_feed_once")
        ]
