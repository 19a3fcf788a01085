/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "app/events.h"

Test(events, line)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct nfp_event event = {
		.ifindex = 7, .length = 60, .counter = NFP_C_outcome_truncated_l3, .flags = NFP_KEY_EGRESS,
		.captured = 3, .head = { 0x45, 0x00, 0xff },
	};

	nfp_event_format(text, &event, "eth0");
	cr_expect_str_eq(text->str, "eth0 egress: frame ends inside the IP header: counted as eth "
				    "(outcome_truncated_l3), 60 octets: 45 00 ff");
	g_string_truncate(text, 0);
	event.flags = 0;
	event.suppressed = 12;
	event.captured = 0;
	nfp_event_format(text, &event, NULL);
	cr_expect_str_eq(text->str, "interface 7 ingress: frame ends inside the IP header: counted as eth "
				    "(outcome_truncated_l3), 60 octets:; 12 more since the last one");
}

/* What is in the ring was written by a program: it may say anything. */
Test(events, numbers_out_of_range)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct nfp_event event = { .ifindex = 7, .counter = 60000, .captured = 255 };

	nfp_event_format(text, &event, "eth0");
	cr_expect(g_str_has_prefix(text->str, "eth0 ingress: reason 60000, 0 octets: 00"));
	cr_expect_eq(text->len, strlen("eth0 ingress: reason 60000, 0 octets:") + 3 * NFP_EVENT_HEAD);
}
