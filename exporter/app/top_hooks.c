/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/top_hooks.h"

GArray *nfp_top_hooks_new(const NfpLedger *ledger)
{
	GArray *hooks = g_array_new(FALSE, TRUE, sizeof(NfpTopHook));

	for (guint i = 0; i < ledger->hooks->len; i++) {
		const NfpLedgerHook *from = &g_array_index(ledger->hooks, NfpLedgerHook, i);
		const char *netns = from->netns ? from->netns : "", *colon = from->netns ? ":" : "";
		NfpTopHook hook = {
			.domain = from->domain,
			.ifindex = from->info.ifindex,
			.flags = from->info.flags,
			.attached = from->info.method != NULL,
			.packets = from->books.seen,
			.octets = from->books.seen_skb_bytes,
		};

		if (*from->info.ifname)
			g_snprintf(hook.name, sizeof(hook.name), "%s%s%s", netns, colon, from->info.ifname);
		else
			g_snprintf(hook.name, sizeof(hook.name), "%s%s(%u)", netns, colon, from->info.ifindex);
		g_array_append_val(hooks, hook);
	}
	return hooks;
}

static const NfpTopHook *find(const GArray *hooks, const NfpTopHook *wanted)
{
	for (guint i = 0; hooks && i < hooks->len; i++) {
		const NfpTopHook *hook = &g_array_index(hooks, NfpTopHook, i);

		if (hook->domain == wanted->domain && hook->ifindex == wanted->ifindex && hook->flags == wanted->flags)
			return hook;
	}
	return NULL;
}

/* A total that is smaller than before is of a hook that began anew. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

void nfp_top_hooks_rate(GArray *hooks, const GArray *before, double seconds)
{
	for (guint i = 0; i < hooks->len; i++) {
		NfpTopHook *hook = &g_array_index(hooks, NfpTopHook, i);
		const NfpTopHook *old = find(before, hook);

		hook->packets_s = old && seconds > 0 ? rate(hook->packets, old->packets, seconds) : 0;
		hook->bits_s = old && seconds > 0 ? 8 * rate(hook->octets, old->octets, seconds) : 0;
	}
}

const char *nfp_top_hooks_name(const GArray *hooks, uint32_t domain, uint32_t ifindex)
{
	for (guint i = 0; i < hooks->len; i++) {
		const NfpTopHook *hook = &g_array_index(hooks, NfpTopHook, i);

		if (hook->domain == domain && hook->ifindex == ifindex)
			return hook->name;
	}
	return NULL;
}
