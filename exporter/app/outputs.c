/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/outputs.h"

#include "app/members.h"
#include "base/log.h"
#include "conf/diff.h"

typedef struct {
	const NfpGroupOptions *options;
	NfpGroup *group;
	char **names;    /* of the members, in order */
	gboolean biflow; /* all of them want biflows (conf/walk.c) */
	guint logged;    /* active member, as logged last */
} Output;

/* In no group. */
typedef struct {
	const char *name;
	NfpCollector *collector;
	gboolean biflow;
} Alone;

struct NfpOutputs {
	GArray *alone;  /* Alone */
	GArray *groups; /* Output */
	GPtrArray *over; /* NfpGroup: of earlier configurations, closed; their batches may be on the way */
};

static void output_clear(void *data)
{
	Output *output = data;

	nfp_group_free(output->group);
	g_strfreev(output->names);
}

static void publish_one(void *data, NfpBatch *batch)
{
	nfp_collector_publish(data, batch);
}

static gboolean is_up(void *data)
{
	NfpCollectorStatus status;

	nfp_collector_status(data, &status);
	return status.up;
}

static guint place_of(const GArray *options, const char *name)
{
	guint place = 0;

	while (!g_str_equal(g_array_index(options, NfpCollectorOptions, place).name, name))
		place++; /* conf/walk.c knows that it is there */
	return place;
}

/* The group of `old` that this one was, which is no longer there then; or NULL. */
static NfpGroup *take_same(NfpOutputs *old, const NfpGroupOptions *options, guint *ret_logged)
{
	for (guint i = 0; old && i < old->groups->len; i++) {
		Output *output = &g_array_index(old->groups, Output, i);

		if (!nfp_conf_same_item(NFP_CONF_GROUPS, output->options, options))
			continue;
		*ret_logged = output->logged;
		return g_steal_pointer(&output->group);
	}
	return NULL;
}

static void add_group(NfpOutputs *outputs, NfpOutputs *old, const GPtrArray *collectors, const GArray *options,
		      const NfpGroupOptions *group, gboolean *taken)
{
	Output output = { .options = group, .names = g_strsplit(group->members, ",", -1) };
	NfpGroupMember members[NFP_GROUP_MEMBERS];
	guint n = 0;

	output.group = take_same(old, group, &output.logged);
	for (; output.names[n]; n++) {
		guint place = place_of(options, output.names[n]);

		members[n] = (NfpGroupMember){ .data = g_ptr_array_index(collectors, place), .name = output.names[n],
					       .publish = publish_one, .up = is_up };
		output.biflow = g_array_index(options, NfpCollectorOptions, place).biflow;
		taken[place] = TRUE;
		if (output.group)
			nfp_group_replace(output.group, n, members[n].data);
	}
	if (!output.group)
		output.group = nfp_group_new(group, members, n, g_get_monotonic_time());
	g_array_append_val(outputs->groups, output);
}

static gboolean is_member(const Output *output, const char *name)
{
	return g_strv_contains((const char *const *)output->names, name);
}

static gboolean have_common_member(const Output *a, const Output *b)
{
	for (guint i = 0; a->names[i]; i++)
		if (is_member(b, a->names[i]))
			return TRUE;
	return FALSE;
}

/* The group of now that goes on for one that is over, by its name or by a member; or NULL. */
static const Output *heir_of(const NfpOutputs *outputs, const Output *old)
{
	for (guint by_name = 2; by_name--;) {
		for (guint i = 0; i < outputs->groups->len; i++) {
			const Output *output = &g_array_index(outputs->groups, Output, i);

			if (output->biflow == old->biflow &&
			    (by_name ? g_str_equal(output->options->name, old->options->name) : have_common_member(output, old)))
				return output;
		}
	}
	return NULL;
}

typedef struct {
	const NfpOutputs *outputs;
	const Output *old, *heir;
	uint64_t lost; /* records */
} Missed;

/* A batch that a member refused at its end: to those that are there now. */
static void pass_on(NfpBatch *batch, void *data)
{
	Missed *missed = data;

	if (missed->heir) {
		nfp_group_publish(missed->heir->group, batch, g_get_monotonic_time());
		return;
	}
	for (guint i = 0; i < missed->outputs->alone->len; i++) {
		const Alone *alone = &g_array_index(missed->outputs->alone, Alone, i);

		if (alone->biflow == missed->old->biflow && is_member(missed->old, alone->name)) {
			nfp_collector_publish(alone->collector, batch);
			return;
		}
	}
	missed->lost += batch->n;
}

static void close_one(NfpOutputs *outputs, Output *old)
{
	Missed missed = { outputs, old, heir_of(outputs, old), 0 };

	nfp_group_close(old->group);
	nfp_group_take_missed(old->group, pass_on, &missed);
	/* The collector that refused them has counted them. */
	if (missed.lost)
		nfp_log(NFP_LOG_WARNING, "run", "group %s is over, and no member of it is left to get %" G_GUINT64_FORMAT
			" records", old->options->name, missed.lost);
	g_ptr_array_add(outputs->over, g_steal_pointer(&old->group));
}

/* Those of `old` that were not taken. */
static void close_rest(NfpOutputs *outputs, NfpOutputs *old)
{
	for (guint i = 0; i < old->groups->len; i++) {
		Output *output = &g_array_index(old->groups, Output, i);

		if (output->group)
			close_one(outputs, output);
	}
	while (old->over->len)
		g_ptr_array_add(outputs->over, g_ptr_array_steal_index(old->over, 0));
}

NfpOutputs *nfp_outputs_renew(NfpOutputs *old, const GPtrArray *collectors, const GArray *options, const GArray *groups)
{
	NfpOutputs *outputs = g_new0(NfpOutputs, 1);
	g_autofree gboolean *taken = g_new0(gboolean, MAX(collectors->len, 1));

	outputs->alone = g_array_new(FALSE, FALSE, sizeof(Alone));
	outputs->groups = g_array_new(FALSE, TRUE, sizeof(Output));
	outputs->over = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_group_free);
	g_array_set_clear_func(outputs->groups, output_clear);
	for (guint i = 0; groups && i < groups->len; i++)
		add_group(outputs, old, collectors, options, &g_array_index(groups, NfpGroupOptions, i), taken);
	for (guint i = 0; i < collectors->len; i++) {
		const NfpCollectorOptions *o = &g_array_index(options, NfpCollectorOptions, i);
		Alone alone = { o->name, g_ptr_array_index(collectors, i), o->biflow };

		if (!taken[i])
			g_array_append_val(outputs->alone, alone);
	}
	if (old)
		close_rest(outputs, old);
	nfp_outputs_free(old);
	return outputs;
}

NfpOutputs *nfp_outputs_new(const GPtrArray *collectors, const GArray *options, const GArray *groups)
{
	return nfp_outputs_renew(NULL, collectors, options, groups);
}

void nfp_outputs_publish(NfpOutputs *outputs, NfpBatch *batch, gboolean biflow)
{
	for (guint i = 0; i < outputs->alone->len; i++) {
		const Alone *alone = &g_array_index(outputs->alone, Alone, i);

		if (alone->biflow == biflow)
			nfp_collector_publish(alone->collector, batch);
	}
	for (guint i = 0; i < outputs->groups->len; i++) {
		const Output *output = &g_array_index(outputs->groups, Output, i);

		if (output->biflow == biflow)
			nfp_group_publish(output->group, batch, g_get_monotonic_time());
	}
}

static void free_idle(NfpOutputs *outputs)
{
	for (guint i = 0; i < outputs->over->len;) {
		NfpGroupStatus status;

		nfp_group_status(g_ptr_array_index(outputs->over, i), &status);
		if (status.pending)
			i++;
		else
			g_ptr_array_remove_index(outputs->over, i);
	}
}

void nfp_outputs_step(NfpOutputs *outputs)
{
	free_idle(outputs);
	for (guint i = 0; i < outputs->groups->len; i++) {
		Output *output = &g_array_index(outputs->groups, Output, i);
		g_autofree char *room = g_strdup_printf("group %s", output->options->name);
		NfpGroupStatus status;

		nfp_group_step(output->group, g_get_monotonic_time());
		nfp_group_status(output->group, &status);
		if (status.active == output->logged)
			continue;
		nfp_log(NFP_LOG_NOTICE, room, "%s takes over from %s", output->names[status.active],
			output->names[output->logged]);
		output->logged = status.active;
	}
}

void nfp_outputs_close(NfpOutputs *outputs)
{
	for (guint i = 0; i < outputs->groups->len; i++)
		nfp_group_close(g_array_index(outputs->groups, Output, i).group);
}

static void report(const Output *output, JsonBuilder *b)
{
	static const char *const policies[] = {
		[NFP_GROUP_MIRROR] = "mirror", [NFP_GROUP_BALANCE] = "balance", [NFP_GROUP_FAILOVER] = "failover",
	};
	NfpGroupStatus status;

	nfp_group_status(output->group, &status);
	json_builder_begin_object(b);
	nfp_json_add_string(b, "name", output->options->name);
	nfp_json_add_string(b, "policy", policies[output->options->policy]);
	json_builder_set_member_name(b, "members");
	json_builder_begin_array(b);
	for (guint i = 0; output->names[i]; i++)
		json_builder_add_string_value(b, output->names[i]);
	json_builder_end_array(b);
	if (output->options->policy == NFP_GROUP_FAILOVER) {
		nfp_json_add_string(b, "active", output->names[status.active]);
		nfp_json_add_number(b, "switches", status.switches);
		nfp_json_add_number(b, "pending", status.pending);
		nfp_json_add_number(b, "moved", status.moved);
		nfp_json_add_number(b, "lost_records", status.lost_records);
		nfp_json_add_number(b, "lost_packets", status.lost_packets);
	}
	json_builder_end_object(b);
}

void nfp_outputs_report(NfpOutputs *outputs, JsonBuilder *builder)
{
	for (guint i = 0; i < outputs->groups->len; i++)
		report(&g_array_index(outputs->groups, Output, i), builder);
}

void nfp_outputs_free(NfpOutputs *outputs)
{
	if (!outputs)
		return;
	g_array_unref(outputs->alone);
	g_array_unref(outputs->groups);
	g_ptr_array_unref(outputs->over);
	g_free(outputs);
}
