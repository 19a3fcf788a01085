/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/identity.h"

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "probe/pins.h"

#define ROOM "state"
#define STEP "label_step"
#define UNTIL "labels_until_ns"
#define FIRST "first_start_s"
#define STARTS "starts"
/* Steps of one life of the pins: so many times may the clock be set back before a step is one of the next life. */
#define STEPS 256u
/* How far ahead of the last renewal labels may be given out: until the next one, and the buckets made ahead. */
#define AHEAD (2 * NFP_IDENTITY_RENEW_S * NFP_NS_PER_S)

struct NfpIdentity {
	NfpState *state;     /* NULL: conf->state_dir is */
	uint64_t interval;
	uint64_t given_until; /* labels before it may have been given out by an earlier life */
	uint64_t begun;       /* ns since 1970 */
	gboolean complained;
};

static char *path_of(const NfpConf *conf)
{
	g_autofree char *name = nfp_pins_escape(conf->instance);
	g_autofree char *file = g_strconcat(name, ".state", NULL);

	return g_build_filename(conf->state_dir, file, NULL);
}

NfpState *nfp_identity_read(const NfpConf *conf)
{
	g_autofree char *path = conf->state_dir ? path_of(conf) : NULL;
	g_autofree char *news = NULL;

	return path ? nfp_state_load(path, FALSE, &news) : NULL;
}

static void save(NfpIdentity *identity)
{
	g_autoptr(GError) err = NULL;

	if (nfp_state_save(identity->state, &err)) {
		identity->complained = FALSE;
		return;
	}
	if (!identity->complained)
		nfp_log(NFP_LOG_WARNING, ROOM, "%s; metering goes on: numbers of namespaces follow the configuration, "
			"and labels may come again after a reboot with a clock set back", err->message);
	identity->complained = TRUE;
}

NfpIdentity *nfp_identity_new(const NfpConf *conf, const GPtrArray *domains, uint64_t now)
{
	NfpIdentity *identity = g_new0(NfpIdentity, 1);
	g_autofree char *path = conf->state_dir ? path_of(conf) : NULL;
	g_autofree char *news = NULL;

	identity->interval = conf->interval;
	identity->begun = now;
	if (!path)
		return identity;
	identity->state = nfp_state_load(path, TRUE, &news);
	if (news)
		nfp_log(NFP_LOG_WARNING, ROOM, "%s", news);
	for (guint i = 0; i < domains->len; i++) {
		const NfpDomain *domain = g_ptr_array_index(domains, i);

		if (domain->netns)
			nfp_state_domain(identity->state, domain->netns);
	}
	identity->given_until = nfp_state_get(identity->state, UNTIL);
	if (!nfp_state_get(identity->state, FIRST))
		nfp_state_set(identity->state, FIRST, now / NFP_NS_PER_S);
	nfp_state_set(identity->state, STARTS, nfp_state_get(identity->state, STARTS) + 1);
	nfp_identity_renew(identity, now);
	return identity;
}

uint64_t nfp_identity_step(NfpIdentity *identity)
{
	/* The file may say anything. */
	uint64_t step = identity->state ? nfp_state_get(identity->state, STEP) % NFP_NS_PER_S : 0;

	if (!identity->state || identity->begun >= identity->given_until)
		return step;
	/* It is a time that an earlier life had, or may have had. */
	step = (step + STEPS) % NFP_NS_PER_S;
	nfp_state_set(identity->state, STEP, step);
	save(identity);
	return step;
}

void nfp_identity_renew(NfpIdentity *identity, uint64_t now)
{
	if (!identity->state)
		return;
	/* After a step back the labels of the time before the step are given out still. */
	nfp_state_set(identity->state, UNTIL,
		      MAX(nfp_state_get(identity->state, UNTIL), now + AHEAD + 2 * identity->interval));
	save(identity);
}

uint32_t nfp_identity_domain(NfpIdentity *identity, const char *netns, const GPtrArray *domains)
{
	uint32_t number = 0;

	if (identity->state) {
		number = nfp_state_domain(identity->state, netns);
		save(identity);
		return number;
	}
	for (guint i = 0; i < domains->len; i++)
		number = MAX(number, ((const NfpDomain *)g_ptr_array_index(domains, i))->domain);
	return number + 1;
}

void nfp_identity_set_interval(NfpIdentity *identity, uint64_t interval, uint64_t now)
{
	if (identity->interval == interval)
		return;
	identity->interval = interval;
	nfp_identity_renew(identity, now);
}

void nfp_identity_starts(const NfpIdentity *identity, uint64_t *ret_first, uint64_t *ret_starts)
{
	*ret_first = identity->state ? nfp_state_get(identity->state, FIRST) : identity->begun / NFP_NS_PER_S;
	*ret_starts = identity->state ? nfp_state_get(identity->state, STARTS) : 1;
}

void nfp_identity_free(NfpIdentity *identity)
{
	if (!identity)
		return;
	nfp_state_free(identity->state);
	g_free(identity);
}
