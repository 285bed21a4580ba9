"""What mail servers send back, in the forms in which they write it. {to} is the return path."""

POSTFIX = """\
Return-Path: <>
Delivered-To: bounces@mail.example.com
Received: by mx1.example.com (Postfix)
\tid 4bGm0F2Qz6z1; Fri, 20 Mar 2026 12:00:07 +0000 (UTC)
Date: Fri, 20 Mar 2026 12:00:07 +0000 (UTC)
From: MAILER-DAEMON@mx1.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4bGm0F1hZ8z0.1774008007/mx1.example.com"
Message-Id: <4bGm0F2Qz6z1@mx1.example.com>

This is a MIME-encapsulated message.

--4bGm0F1hZ8z0.1774008007/mx1.example.com
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx1.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

                   The mail system

<alice@example.com>: host mx.example.net[192.0.2.25] said: 550 5.1.1
    <alice@example.com>: Recipient address rejected: User unknown in virtual
    mailbox table (in reply to RCPT TO command)

--4bGm0F1hZ8z0.1774008007/mx1.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.example.com
X-Postfix-Queue-ID: 4bGm0F1hZ8z0
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Fri, 20 Mar 2026 12:00:05 +0000 (UTC)

Final-Recipient: rfc822; alice@example.com
Original-Recipient: rfc822;alice@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 <alice@example.com>: Recipient address
    rejected: User unknown in virtual mailbox table

--4bGm0F1hZ8z0.1774008007/mx1.example.com
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <{to}>
From: Keepline <keepline@example.com>
To: alice@example.com
Subject: Your line is renewed
Message-ID: <0199f2a0-0000-7000-8000-000000000000@example.com>

--4bGm0F1hZ8z0.1774008007/mx1.example.com--
"""

EXIM = """\
Return-path: <>
Envelope-to: {to}
Received: from Debian-exim by mail.example.org with local (Exim 4.96)
\tid 1tXyZa-0001aB-2C
\tfor {to};
\tFri, 20 Mar 2026 13:00:09 +0100
X-Failed-Recipients: alice@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example.org>
To: {to}
References: <0199f2a0-0000-7000-8000-000000000000@example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary=1774008009-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1tXyZa-0001aB-2C@mail.example.org>
Date: Fri, 20 Mar 2026 13:00:09 +0100

--1774008009-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  alice@example.com
    host mx.example.net [192.0.2.25]
    SMTP error from remote mail server after RCPT TO:<alice@example.com>:
    550 5.2.1 The email account that you tried to reach is disabled

--1774008009-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Action: failed
Final-Recipient: rfc822;alice@example.com
Status: 5.0.0
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.2.1 The email account that you tried to reach is disabled

--1774008009-eximdsn-1804289383
Content-type: message/rfc822

Return-path: <{to}>
From: Keepline <keepline@example.com>
To: alice@example.com
Subject: Your line is renewed

Your line is renewed.

--1774008009-eximdsn-1804289383--
"""

OLD_EXIM = """\
Return-path: <>
Received: from Debian-exim by mail.example.org with local (Exim 4.72)
\tid 1tXyZa-0001aB-2C for {to}; Fri, 20 Mar 2026 13:00:09 +0100
X-Failed-Recipients: alice@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example.org>
To: {to}
Subject: Mail delivery failed: returning message to sender
Date: Fri, 20 Mar 2026 13:00:09 +0100

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  alice@example.com
    SMTP error from remote mail server after RCPT TO:<alice@example.com>:
    host mx.example.net [192.0.2.25]: 550 5.1.1 <alice@example.com>... User unknown

------ This is a copy of the message, including all the headers. ------

Return-path: <{to}>
From: Keepline <keepline@example.com>
"""

# Exchange writes the diagnostic in one folded line, and a report in HTML besides.
EXCHANGE = """\
Received: from AM0PR01MB0001.eurprd01.prod.example.com (2603:10a6::1) by
 AM0PR01MB0002.eurprd01.prod.example.com with HTTPS; Fri, 20 Mar 2026 12:00:11 +0000
MIME-Version: 1.0
From: <postmaster@contoso.example>
To: <{to}>
Date: Fri, 20 Mar 2026 12:00:10 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="7d0a3c5e-4a51-4f0e-9c5b-0a4f2c6f9d11"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-US
Message-ID: <9f2c@AM0PR01MB0001.eurprd01.prod.example.com>
In-Reply-To: <0199f2a0-0000-7000-8000-000000000000@example.com>
Subject: Undeliverable: Your line is renewed
Auto-Submitted: auto-replied

--7d0a3c5e-4a51-4f0e-9c5b-0a4f2c6f9d11
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="b1"

--b1
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to alice@example.com couldn't be delivered.
alice wasn't found at example.com.

--b1
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body>Your message to alice@example.com couldn't be delivered.</body></html>

--b1--

--7d0a3c5e-4a51-4f0e-9c5b-0a4f2c6f9d11
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.example.com
Received-From-MTA: dns;mail.example.com
Arrival-Date: Fri, 20 Mar 2026 12:00:09 +0000

Final-Recipient: rfc822;alice@example.com
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient
 alice@example.com not found by SMTP address lookup
X-Display-Name: alice@example.com

--7d0a3c5e-4a51-4f0e-9c5b-0a4f2c6f9d11
Content-Type: message/rfc822

From: Keepline <keepline@example.com>
To: <alice@example.com>
Subject: Your line is renewed

Your line is renewed.

--7d0a3c5e-4a51-4f0e-9c5b-0a4f2c6f9d11--
"""

DELAYED = (
    POSTFIX.replace("Action: failed", "Action: delayed")
    .replace("Status: 5.1.1", "Status: 4.4.1")
    .replace("Undelivered Mail Returned to Sender", "Delayed Mail (still being retried)")
)
# Nobody answered there for five days.
GIVEN_UP = POSTFIX.replace("Status: 5.1.1", "Status: 4.4.1").replace(
    "smtp; 550 5.1.1 <alice@example.com>: Recipient address\n"
    "    rejected: User unknown in virtual mailbox table",
    "X-Postfix; connect to mx.example.net[192.0.2.25]:25:\n    Connection timed out",
)
TOO_LARGE = EXCHANGE.replace("5.1.10 RESOLVER.ADR.RecipientNotFound", "5.3.4 ROUTING.SizeLimit")
TOO_LARGE = TOO_LARGE.replace("Status: 5.1.10", "Status: 5.3.4")
HOLIDAYS = """\
From: Alice <alice@example.com>
To: {to}
Auto-Submitted: auto-replied
Subject: Away until Monday

550 things to do. Write to me again next week.
"""
# Somebody passes on a report that he got: it is his words about it.
PASSED_ON = (
    """\
From: Mallory <mallory@example.com>
To: {to}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: text/plain

Look what came back.

--m
Content-Type: message/rfc822

"""
    + POSTFIX
    + "\n--m--\n"
)


def returned(form: str, to: str) -> bytes:
    """As it comes over the wire."""
    return form.replace("{to}", to).replace("\n", "\r\n").encode()
