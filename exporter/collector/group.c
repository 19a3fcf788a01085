/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/group.h"

#include <pthread.h>
#include <string.h>

#define BIT(member) (UINT64_C(1) << (member))

typedef struct {
	NfpGroupMember ops;
	char *name;
	gint64 up_since, down_since; /* us; 0 = it is the other */
} Member;

struct NfpGroup {
	NfpGroupPolicy policy;
	gint64 down_after, back_after; /* us */
	guint n;
	Member members[NFP_GROUP_MEMBERS];
	uint64_t seeds[NFP_GROUP_MEMBERS];
	pthread_mutex_t publishing; /* failover: one publisher at a time; all below. Never taken inside `lock` */
	guint active;
	pthread_mutex_t lock;       /* of what follows, and of the parcels; held for some instructions, by senders too */
	gboolean closed;
	GQueue out;        /* Parcel: some member has it */
	GQueue missed;     /* Parcel, a reference each: nobody has it, and nobody delivered it */
	NfpGroupStatus status;
};

/* failover: a batch on its way, wherever it went. Counted references: one for each member that has it. */
typedef struct {
	NfpGroup *group;
	NfpBatch *batch; /* the harvester's; owned */
	uint64_t tried, holders; /* members */
	gboolean delivered;
	GList link;      /* in `out` */
} Parcel;

/* One member's batch. */
typedef struct {
	Parcel *parcel;
	guint member;
	gint missed;
} Token;

NfpGroup *nfp_group_new(const NfpGroupOptions *options, const NfpGroupMember *members, guint n, gint64 now)
{
	NfpGroup *group = g_new0(NfpGroup, 1);

	g_assert(n > 0 && n <= NFP_GROUP_MEMBERS);
	group->policy = options->policy;
	group->down_after = (gint64)(options->down_after / 1000);
	group->back_after = (gint64)(options->back_after / 1000);
	group->n = n;
	for (guint i = 0; i < n; i++) {
		group->members[i] = (Member){ .ops = members[i], .name = g_strdup(members[i].name), .down_since = now };
		group->seeds[i] = nfp_group_seed(members[i].name);
	}
	pthread_mutex_init(&group->publishing, NULL);
	pthread_mutex_init(&group->lock, NULL);
	return group;
}

static void publish_to(NfpGroup *group, guint member, NfpBatch *batch)
{
	group->members[member].ops.publish(group->members[member].ops.data, batch);
}

/* ---- balance --------------------------------------------------------------------------------------------- */

/* The records of one member. */
static NfpBatch *part_of(NfpBatch *batch, const uint8_t *whose, guint member, uint32_t n)
{
	NfpBatch *part = nfp_batch_part(nfp_batch_ref(batch), n);

	for (uint32_t i = 0; i < batch->n; i++)
		if (whose[i] == member)
			part->records[part->n++] = batch->records[i];
	return part;
}

static void balance(NfpGroup *group, NfpBatch *batch)
{
	g_autofree uint8_t *whose = g_malloc(MAX(batch->n, 1));
	uint32_t counts[NFP_GROUP_MEMBERS] = { 0 };

	for (uint32_t i = 0; i < batch->n; i++) {
		whose[i] = (uint8_t)nfp_group_choose(nfp_group_hash(&batch->records[i]), group->seeds, group->n);
		counts[whose[i]]++;
	}
	for (guint i = 0; i < group->n; i++) {
		g_autoptr(NfpBatch) part = NULL;

		if (counts[i] == 0)
			continue;
		part = counts[i] == batch->n ? nfp_batch_ref(batch) : part_of(batch, whose, i, counts[i]);
		publish_to(group, i, part);
	}
}

/* ---- failover -------------------------------------------------------------------------------------------- */

static void parcel_clear(void *data)
{
	nfp_batch_unref(((Parcel *)data)->batch);
}

static void parcel_unref(void *parcel)
{
	g_atomic_rc_box_release_full(parcel, parcel_clear);
}

/* Any thread: the member has no use for its batch any more. */
static void on_returned(void *data)
{
	g_autofree Token *token = data;
	Parcel *parcel = token->parcel;
	NfpGroup *group = parcel->group;

	pthread_mutex_lock(&group->lock);
	parcel->holders &= ~BIT(token->member);
	parcel->delivered |= !g_atomic_int_get(&token->missed);
	if (parcel->holders == 0) {
		g_queue_unlink(&group->out, &parcel->link);
		if (!parcel->delivered && !group->closed)
			g_queue_push_tail(&group->missed, g_atomic_rc_box_acquire(parcel));
	}
	pthread_mutex_unlock(&group->lock);
	parcel_unref(parcel);
}

/* The lock is held. From here on the parcel is the member's too: whoever else gives it back does not make it missed. */
static void claim(NfpGroup *group, Parcel *parcel, guint member)
{
	if (parcel->holders == 0)
		g_queue_push_tail_link(&group->out, &parcel->link);
	parcel->tried |= BIT(member);
	parcel->holders |= BIT(member);
}

/* Publishing; what was claimed. The parcel may be gone afterwards unless the caller has a reference. */
static void hand_over(NfpGroup *group, Parcel *parcel, guint member)
{
	Token *token = g_new0(Token, 1);
	g_autoptr(NfpDelivery) delivery = nfp_delivery_new(on_returned, token);
	g_autoptr(NfpBatch) view = nfp_batch_view(parcel->batch, delivery, &token->missed);

	token->parcel = g_atomic_rc_box_acquire(parcel);
	token->member = member;
	publish_to(group, member, view);
}

/* Publishing. */
static void give(NfpGroup *group, Parcel *parcel, guint member)
{
	pthread_mutex_lock(&group->lock);
	claim(group, parcel, member);
	pthread_mutex_unlock(&group->lock);
	hand_over(group, parcel, member);
}

/* The active one, else the first that is up, else the first; of those not tried yet. -1: none is left. */
static int next_member(const NfpGroup *group, uint64_t tried)
{
	int any = -1;

	if (!(tried & BIT(group->active)))
		return (int)group->active;
	for (guint i = 0; i < group->n; i++) {
		if (tried & BIT(i))
			continue;
		if (group->members[i].up_since)
			return (int)i;
		if (any < 0)
			any = (int)i;
	}
	return any;
}

static void count_lost(NfpGroup *group, const NfpBatch *batch)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < batch->n; i++)
		packets += nfp_record_packets(&batch->records[i]);
	pthread_mutex_lock(&group->lock);
	group->status.lost_records += batch->n;
	group->status.lost_packets += packets;
	pthread_mutex_unlock(&group->lock);
}

static Parcel *pop_missed(NfpGroup *group)
{
	Parcel *parcel;

	pthread_mutex_lock(&group->lock);
	parcel = g_queue_pop_head(&group->missed);
	pthread_mutex_unlock(&group->lock);
	return parcel;
}

static void count_moved(NfpGroup *group)
{
	pthread_mutex_lock(&group->lock);
	group->status.moved++;
	pthread_mutex_unlock(&group->lock);
}

/* Publishing. What a member refused goes to the next; it ends, for each member is tried once. */
static void place_missed(NfpGroup *group)
{
	Parcel *parcel;

	while ((parcel = pop_missed(group))) {
		int member = next_member(group, parcel->tried);

		if (member >= 0) {
			count_moved(group);
			give(group, parcel, (guint)member);
		} else {
			count_lost(group, parcel->batch);
		}
		parcel_unref(parcel);
	}
}

/* Publishing. What nobody has delivered goes to the new active one too: duplicates, recognisable by flowId. */
static void move_to_active(NfpGroup *group)
{
	g_autoptr(GPtrArray) parcels = g_ptr_array_new_with_free_func(parcel_unref);

	pthread_mutex_lock(&group->lock);
	for (GList *link = group->out.head; link; link = link->next) {
		Parcel *parcel = link->data;

		if (parcel->delivered || parcel->tried & BIT(group->active))
			continue;
		g_ptr_array_add(parcels, g_atomic_rc_box_acquire(parcel));
		claim(group, parcel, group->active);
	}
	group->status.moved += parcels->len;
	pthread_mutex_unlock(&group->lock);
	for (guint i = 0; i < parcels->len; i++)
		hand_over(group, g_ptr_array_index(parcels, i), group->active);
}

static void look_at_members(NfpGroup *group, gint64 now)
{
	for (guint i = 0; i < group->n; i++) {
		Member *member = &group->members[i];

		if (!member->ops.up(member->ops.data)) {
			member->up_since = 0;
			if (!member->down_since)
				member->down_since = now;
		} else if (!member->up_since) {
			member->up_since = now;
			member->down_since = 0;
		}
	}
}

static guint choose_active(const NfpGroup *group, gint64 now)
{
	const Member *active = &group->members[group->active];

	if (active->down_since && now - active->down_since >= group->down_after) {
		for (guint i = 0; i < group->n; i++)
			if (group->members[i].up_since)
				return i;
	}
	for (guint i = 0; i < group->active; i++) {
		const Member *better = &group->members[i];

		if (better->up_since && now - better->up_since >= group->back_after)
			return i;
	}
	return group->active;
}

/* Publishing. */
static void look(NfpGroup *group, gint64 now)
{
	guint active;

	look_at_members(group, now);
	active = choose_active(group, now);
	if (active != group->active) {
		group->active = active;
		pthread_mutex_lock(&group->lock);
		group->status.active = active;
		group->status.switches++;
		pthread_mutex_unlock(&group->lock);
		move_to_active(group);
	}
	place_missed(group);
}

static void fail_over(NfpGroup *group, NfpBatch *batch, gint64 now)
{
	Parcel *parcel = g_atomic_rc_box_new0(Parcel);

	parcel->group = group;
	parcel->batch = nfp_batch_ref(batch);
	parcel->link.data = parcel;
	pthread_mutex_lock(&group->publishing);
	look(group, now);
	give(group, parcel, group->active);
	place_missed(group);
	pthread_mutex_unlock(&group->publishing);
	parcel_unref(parcel);
}

void nfp_group_publish(NfpGroup *group, NfpBatch *batch, gint64 now)
{
	switch (group->policy) {
	case NFP_GROUP_MIRROR:
		for (guint i = 0; i < group->n; i++)
			publish_to(group, i, batch);
		break;
	case NFP_GROUP_BALANCE:
		balance(group, batch);
		break;
	case NFP_GROUP_FAILOVER:
		fail_over(group, batch, now);
		break;
	}
}

void nfp_group_step(NfpGroup *group, gint64 now)
{
	if (group->policy != NFP_GROUP_FAILOVER)
		return;
	pthread_mutex_lock(&group->publishing);
	look(group, now);
	pthread_mutex_unlock(&group->publishing);
}

void nfp_group_close(NfpGroup *group)
{
	pthread_mutex_lock(&group->lock);
	group->closed = TRUE;
	pthread_mutex_unlock(&group->lock);
}

void nfp_group_take_missed(NfpGroup *group, void (*take)(NfpBatch *batch, void *data), void *data)
{
	Parcel *parcel;

	while ((parcel = pop_missed(group))) {
		take(parcel->batch, data);
		parcel_unref(parcel);
	}
}

void nfp_group_replace(NfpGroup *group, guint member, void *data)
{
	pthread_mutex_lock(&group->publishing);
	group->members[member].ops.data = data;
	pthread_mutex_unlock(&group->publishing);
}

void nfp_group_status(NfpGroup *group, NfpGroupStatus *ret_status)
{
	pthread_mutex_lock(&group->lock);
	*ret_status = group->status;
	ret_status->pending = group->out.length + group->missed.length;
	pthread_mutex_unlock(&group->lock);
}

void nfp_group_free(NfpGroup *group)
{
	if (!group)
		return;
	g_assert(group->out.length == 0);
	g_queue_clear_full(&group->missed, parcel_unref);
	for (guint i = 0; i < group->n; i++)
		g_free(group->members[i].name);
	pthread_mutex_destroy(&group->publishing);
	pthread_mutex_destroy(&group->lock);
	g_free(group);
}
