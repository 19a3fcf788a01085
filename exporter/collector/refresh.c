/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/refresh.h"

/* After the first announcement: 1 s, 4 s, 16 s, 64 s, as far as they are below the interval. */
#define HURRY_FIRST G_USEC_PER_SEC
#define HURRY_STEPS 4

typedef struct {
	uint32_t id;
	uint32_t counted; /* data messages since the last announcement */
	guint hurry;      /* announcements since the start or the last clock step */
	gboolean requested;
	gint64 next;
} Domain;

void nfp_refresh_init(NfpRefresh *refresh, gint64 interval, uint32_t messages, gboolean hurried)
{
	*refresh = (NfpRefresh){ .interval = interval, .messages = messages, .hurried = hurried,
				 .domains = g_array_new(FALSE, FALSE, sizeof(Domain)) };
}

void nfp_refresh_clear(NfpRefresh *refresh)
{
	g_clear_pointer(&refresh->domains, g_array_unref);
}

void nfp_refresh_forget(NfpRefresh *refresh)
{
	g_array_set_size(refresh->domains, 0);
}

static Domain *find(const NfpRefresh *refresh, uint32_t id)
{
	for (guint i = 0; i < refresh->domains->len; i++) {
		Domain *domain = &g_array_index(refresh->domains, Domain, i);

		if (domain->id == id)
			return domain;
	}
	return NULL;
}

gboolean nfp_refresh_before_data(const NfpRefresh *refresh, uint32_t id)
{
	const Domain *domain = find(refresh, id);

	return !domain || domain->requested ||
	       (refresh->messages && domain->counted >= refresh->messages);
}

gboolean nfp_refresh_due(const NfpRefresh *refresh, gint64 now, uint32_t *ret_domain)
{
	for (guint i = 0; i < refresh->domains->len; i++) {
		const Domain *domain = &g_array_index(refresh->domains, Domain, i);

		if (now >= domain->next) {
			*ret_domain = domain->id;
			return TRUE;
		}
	}
	return FALSE;
}

gint64 nfp_refresh_deadline(const NfpRefresh *refresh)
{
	gint64 deadline = NFP_REFRESH_NEVER;

	for (guint i = 0; i < refresh->domains->len; i++)
		deadline = MIN(deadline, g_array_index(refresh->domains, Domain, i).next);
	return deadline;
}

void nfp_refresh_done(NfpRefresh *refresh, uint32_t id, gint64 now, gboolean worked)
{
	Domain *domain = find(refresh, id);
	gint64 delay = refresh->interval;

	if (!domain) {
		Domain fresh = { .id = id };

		g_array_append_val(refresh->domains, fresh);
		domain = &g_array_index(refresh->domains, Domain, refresh->domains->len - 1);
	}
	if (refresh->hurried && domain->hurry < HURRY_STEPS) {
		delay = MIN(delay, (gint64)HURRY_FIRST << (2 * domain->hurry));
		domain->hurry++;
	}
	domain->next = now + delay;
	domain->counted = 0;
	domain->requested = !worked;
}

void nfp_refresh_count(NfpRefresh *refresh, uint32_t id)
{
	Domain *domain = find(refresh, id);

	if (domain)
		domain->counted++;
}

void nfp_refresh_request(NfpRefresh *refresh)
{
	for (guint i = 0; i < refresh->domains->len; i++)
		g_array_index(refresh->domains, Domain, i).requested = TRUE;
}

void nfp_refresh_hurry(NfpRefresh *refresh, gint64 now)
{
	for (guint i = 0; i < refresh->domains->len; i++) {
		Domain *domain = &g_array_index(refresh->domains, Domain, i);

		domain->hurry = 0;
		domain->requested = TRUE;
		domain->next = now;
	}
}
