// SPDX-License-Identifier: GPL-2.0-or-later
/* Domains and messages; what goes into them is announced (announce.c) or records (data.c). */
#include "encode/sets.h"

#include "base/error.h"

static NfpSetsDomain *domain_new(const NfpSets *sets, uint32_t index, uint32_t id, gboolean process)
{
	NfpSetsDomain *domain = g_new0(NfpSetsDomain, 1);

	domain->id = id;
	domain->index = index;
	domain->process = process;
	domain->sequence = sets->first_sequence;
	domain->first_round = TRUE;
	domain->templates = g_malloc0_n(sets->set->n, sizeof(*domain->templates));
	domain->options_told = g_new0(gboolean, sets->options->len);
	return domain;
}

static void domain_free(gpointer data)
{
	NfpSetsDomain *domain = data;

	if (domain == NULL)
		return;
	g_free(domain->templates);
	g_free(domain->options_told);
	g_free(domain);
}

NfpSetsDomain *nfp_sets_domain(NfpSets *sets, uint32_t index)
{
	if (index >= sets->domains->len)
		g_ptr_array_set_size(sets->domains, (gint)index + 1);

	NfpSetsDomain **domain = (NfpSetsDomain **)&g_ptr_array_index(sets->domains, index);

	if (*domain == NULL)
		*domain = domain_new(sets, index, sets->domain + index, FALSE);
	if (index == 0 && sets->process == NULL)
		sets->process = domain_new(sets, 0, 0, TRUE);
	return *domain;
}

ssize_t nfp_sets_end_message(const NfpSets *sets, NfpMessage *message, NfpSetsDomain *domain, uint32_t now,
			     uint32_t records)
{
	ssize_t length = nfp_message_end(message);

	if (length == 0)
		return 0;
	sets->dialect->finish(sets, message, domain->id, domain->sequence, now);
	domain->sequence += sets->dialect->counts_messages ? 1 : records;
	return length;
}

void nfp_sets_start_session(NfpEncoder *encoder)
{
	NfpSets *sets = (NfpSets *)encoder;

	g_ptr_array_set_size(sets->domains, 0);
	g_clear_pointer(&sets->process, domain_free);
}

void nfp_sets_set_tables(NfpEncoder *encoder, NfpNameTables *tables)
{
	NfpSets *sets = (NfpSets *)encoder;

	nfp_name_tables_unref(sets->facts.tables);
	sets->facts.tables = nfp_name_tables_ref(tables);
	for (guint i = 0; i < sets->domains->len; i++) {
		NfpSetsDomain *domain = g_ptr_array_index(sets->domains, i);

		if (domain == NULL)
			continue;
		domain->row = 0; /* an index into the old ones */
		domain->options_sent = 0;
	}
}

gboolean nfp_sets_init(NfpSets *sets, const NfpSetsDialect *dialect, const NfpEncoderOptions *options,
		       GArray *option_rows, GError **err)
{
	sets->dialect = dialect;
	sets->set = options->templates;
	sets->domain = options->domain;
	sets->first_sequence = options->first_sequence;
	sets->reliable = options->reliable;
	sets->boot_ms = options->boot_ms;
	sets->sampling = MAX(options->sampling, 1);
	sets->scaled = options->scaled;
	sets->plans = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_plan_free);
	sets->templates = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	sets->options = option_rows;
	sets->domains = g_ptr_array_new_with_free_func(domain_free);
	nfp_option_facts_init(&sets->facts, options);
	if (options->domain == 0 || options->domain > UINT32_MAX - NFP_ENCODER_DOMAINS) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "domain %u: 1 to %u are allowed (0 is for what concerns the whole process)",
			    options->domain, UINT32_MAX - NFP_ENCODER_DOMAINS);
		return FALSE;
	}
	return TRUE;
}

void nfp_sets_destroy(NfpEncoder *encoder)
{
	NfpSets *sets = (NfpSets *)encoder;

	g_clear_pointer(&sets->domains, g_ptr_array_unref);
	domain_free(sets->process);
	g_clear_pointer(&sets->plans, g_ptr_array_unref);
	g_clear_pointer(&sets->templates, g_ptr_array_unref);
	g_clear_pointer(&sets->options, g_array_unref);
	nfp_option_facts_clear(&sets->facts);
	g_free(sets);
}
