// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plan is run column by column: a step (what to do with one field) is decided once for all
 * records of a message, so that the loops inside hold no decision. A message's records and octets
 * stay in the first-level cache meanwhile (14 records of 200 octets). Records with texts of variable length are
 * written one by one: each has its own places.
 */
#include "encode/plan.h"

#include "encode/wire.h"

#define NTP_EPOCH 2208988800ull /* s from 1900 to 1970 (RFC 7011 6.1.10) */
#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

typedef enum {
	STEP_COPY4, /* octets as they are */
	STEP_COPY6,
	STEP_COPY8,
	STEP_COPY12,
	STEP_COPY16,
	STEP_COPY32,
	STEP_8_TO_8, /* unsigned: octets of the member, octets on the wire */
	STEP_4_TO_4,
	STEP_2_TO_2,
	STEP_1_TO_1,
	STEP_UNSIGNED, /* any other pair */
	STEP_MS,
	STEP_NS,
	STEP_UPTIME,
	STEP_TEXT, /* of the step's length */
	STEP_TEXT_VARIABLE,
} StepKind;

typedef struct {
	uint16_t kind;
	uint16_t via;    /* 0, or where NfpRecord has a pointer to what has the member */
	uint16_t offset; /* of the member */
	uint16_t at;     /* in the record on the wire, from the end of the last text of variable length on */
	uint8_t size;    /* octets of the member */
	uint8_t length;  /* octets on the wire; of such a text: 0 */
	uint8_t role;    /* Role */
} Step;

/* What sampling makes of a field. */
typedef enum {
	ROLE_PLAIN, /* nothing */
	ROLE_COUNT, /* of packets or octets */
	ROLE_RATE,  /* samplingInterval */
} Role;

struct NfpPlan {
	guint length;   /* octets of all but the texts of variable length */
	guint variable; /* texts of variable length */
	guint tail;     /* octets behind the last of them */
	gboolean rates; /* records tell the rate of sampling: counts are as metered */
	guint n;
	Step steps[];
};

static StepKind copy_kind(guint octets)
{
	switch (octets) {
	case 4: return STEP_COPY4;
	case 6: return STEP_COPY6;
	case 8: return STEP_COPY8;
	case 12: return STEP_COPY12;
	case 16: return STEP_COPY16;
	default: return STEP_COPY32;
	}
}

static StepKind unsigned_kind(guint size, guint length)
{
	if (size != length)
		return STEP_UNSIGNED;
	switch (size) {
	case 1: return STEP_1_TO_1;
	case 2: return STEP_2_TO_2;
	case 4: return STEP_4_TO_4;
	default: return STEP_8_TO_8;
	}
}

static gboolean is_copy(StepKind kind)
{
	return kind <= STEP_COPY32;
}

static Role role_of(const NfpField *field)
{
	static const uint16_t counts[] = {
		offsetof(NfpRecord, packets), offsetof(NfpRecord, octets), offsetof(NfpRecord, l2_octets),
		offsetof(NfpRecord, rev_packets), offsetof(NfpRecord, rev_octets), offsetof(NfpRecord, rev_l2_octets),
	};

	if (field->via != 0)
		return ROLE_PLAIN;
	for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
		if (field->offset == counts[i])
			return ROLE_COUNT;
	return field->offset == offsetof(NfpRecord, sampling) ? ROLE_RATE : ROLE_PLAIN;
}

static Step make_step(const NfpField *field, guint at, gboolean fixed_texts)
{
	Step step = {
		.via = field->via, .offset = field->offset, .at = at, .size = field->size, .length = field->length,
		.role = role_of(field),
	};

	switch (field->kind) {
	case NFP_KIND_U: step.kind = unsigned_kind(field->size, field->length); break;
	case NFP_KIND_MS: step.kind = STEP_MS; break;
	case NFP_KIND_NS: step.kind = STEP_NS; break;
	case NFP_KIND_UPTIME: step.kind = STEP_UPTIME; break;
	case NFP_KIND_ADDR4:
	case NFP_KIND_ADDR6:
	case NFP_KIND_MAC: step.kind = copy_kind(field->length); break;
	case NFP_KIND_TEXT:
		step.kind = fixed_texts ? STEP_TEXT : STEP_TEXT_VARIABLE;
		step.length = fixed_texts ? field->length : 0;
		break;
	}
	return step;
}

NfpPlan *nfp_plan_new(const NfpField *const *fields, guint n, gboolean fixed_texts)
{
	NfpPlan *plan = g_malloc0(sizeof(*plan) + n * sizeof(plan->steps[0]));

	for (guint i = 0; i < n; i++) {
		Step step = make_step(fields[i], plan->tail, fixed_texts);
		Step *last = plan->n > 0 ? &plan->steps[plan->n - 1] : NULL;

		plan->length += step.length;
		plan->tail += step.length;
		plan->rates |= step.role == ROLE_RATE;
		if (step.kind == STEP_TEXT_VARIABLE) {
			plan->variable++;
			plan->tail = 0;
		}
		/* Two equal neighbours (source and destination) in the record and on the wire: one
		 * copy. */
		if (last != NULL && is_copy(step.kind) && last->kind == step.kind && last->via == step.via &&
		    last->offset + last->length == step.offset && step.length <= 16) {
			last->length += step.length;
			last->size += step.size;
			last->kind = copy_kind(last->length);
		} else {
			plan->steps[plan->n++] = step;
		}
	}
	return plan;
}

void nfp_plan_free(NfpPlan *plan)
{
	g_free(plan);
}

gboolean nfp_plan_varies(const NfpPlan *plan)
{
	return plan->variable > 0;
}

guint nfp_plan_shortest(const NfpPlan *plan)
{
	return plan->length + plan->variable;
}

static inline uint64_t get64(const uint8_t *in)
{
	uint64_t value;

	memcpy(&value, in, sizeof(value));
	return value;
}

static inline uint32_t get32(const uint8_t *in)
{
	uint32_t value;

	memcpy(&value, in, sizeof(value));
	return value;
}

static inline uint16_t get16(const uint8_t *in)
{
	uint16_t value;

	memcpy(&value, in, sizeof(value));
	return value;
}

/* Rounded up, so that a reader who rounds down gets the same nanosecond back. */
static inline uint64_t ntp_time(uint64_t ns)
{
	uint64_t fraction = (((ns % NS_PER_S) << 32) + NS_PER_S - 1) / NS_PER_S;

	return (ns / NS_PER_S + NTP_EPOCH) << 32 | fraction;
}

/* Zeros in front where the wire has more octets, the low octets where it has fewer (fields.def). */
static void put_unsigned(const Step *step, const uint8_t *in, uint8_t *out)
{
	uint64_t value = 0;

	switch (step->size) {
	case 1: value = *in; break;
	case 2: value = get16(in); break;
	case 4: value = get32(in); break;
	case 8: value = get64(in); break;
	}
	for (guint i = step->length; i > 0; i--) {
		out[i - 1] = (uint8_t)value;
		value >>= 8;
	}
}

/* RFC 3954 8: ms since the device booted, modulo 2^32. Never before that (a record that waited for longer than the
 * uptime says), and never after the message itself: pmacct 1.7.7 would show it 49 days earlier. */
static uint32_t uptime(uint64_t ns, const NfpPlanContext *context)
{
	uint64_t ms = MIN(ns / NS_PER_MS, context->now_ms);

	return ms > context->boot_ms ? (uint32_t)(ms - context->boot_ms) : 0;
}

/* RFC 7011 7: the length in one octet, or 255 and the length in two. */
static guint prefix(guint length)
{
	return length < 255 ? 1 : 3;
}

static guint text_length(const NfpText *text, guint max)
{
	guint length = nfp_text_cut(text, (uint16_t)max);

	return prefix(length) + length;
}

static uint8_t *put_text(const NfpText *text, guint max, uint8_t *out)
{
	guint length = nfp_text_cut(text, (uint16_t)max);

	if (prefix(length) == 1) {
		*out++ = (uint8_t)length;
	} else {
		*out = 255;
		nfp_put16(out + 1, (uint16_t)length);
		out += 3;
	}
	memcpy(out, text->text, length);
	return out + length;
}

static void put_fixed_text(const NfpText *text, guint length, uint8_t *out)
{
	guint n = nfp_text_cut(text, (uint16_t)length);

	memcpy(out, text->text, n);
	memset(out + n, 0, length - n);
}

#define EACH(statement)                                                            \
	for (guint i = 0; i < n; i++, in += sizeof(NfpRecord), out += stride) {    \
		statement;                                                         \
	}                                                                          \
	break

static void run_step(const Step *step, const uint8_t *in, guint n, const NfpPlanContext *context, uint8_t *out,
		     guint stride)
{
	switch ((StepKind)step->kind) {
	case STEP_COPY4: EACH(memcpy(out, in, 4));
	case STEP_COPY6: EACH(memcpy(out, in, 6));
	case STEP_COPY8: EACH(memcpy(out, in, 8));
	case STEP_COPY12: EACH(memcpy(out, in, 12));
	case STEP_COPY16: EACH(memcpy(out, in, 16));
	case STEP_COPY32: EACH(memcpy(out, in, 32));
	case STEP_8_TO_8: EACH(nfp_put64(out, get64(in)));
	case STEP_4_TO_4: EACH(nfp_put32(out, get32(in)));
	case STEP_2_TO_2: EACH(nfp_put16(out, get16(in)));
	case STEP_1_TO_1: EACH(*out = *in);
	case STEP_UNSIGNED: EACH(put_unsigned(step, in, out));
	case STEP_MS: EACH(nfp_put64(out, get64(in) / NS_PER_MS));
	case STEP_NS: EACH(nfp_put64(out, ntp_time(get64(in))));
	case STEP_UPTIME: EACH(nfp_put32(out, uptime(get64(in), context)));
	case STEP_TEXT: EACH(put_fixed_text((const NfpText *)(const void *)in, step->length, out));
	case STEP_TEXT_VARIABLE: break; /* run_record() */
	}
}

/* The count as it would be had the packets been chosen by the rate that is announced. */
static uint64_t scale(uint64_t count, uint16_t rate, uint32_t announced)
{
	if (rate == announced)
		return count;
	if (__builtin_mul_overflow(count, (uint64_t)rate, &count))
		return UINT64_MAX;
	return announced > 1 ? (count + announced / 2) / announced : count;
}

/* Records that are sampled, or a field that tells whether they are. FALSE: the step is as ever. */
static gboolean run_sampled(const NfpPlan *plan, const Step *step, const NfpRecord *records, guint n,
			    const NfpPlanContext *context, uint8_t *out, guint stride)
{
	gboolean sampled = (records->have & NFP_HAVE_SAMPLED) != 0;

	if (step->role == ROLE_RATE && (!sampled || context->scaled)) {
		for (guint i = 0; i < n; i++, out += stride) {
			memset(out, 0, step->length);
			out[step->length - 1] = 1;
		}
		return TRUE;
	}
	if (step->role != ROLE_COUNT || !sampled || (plan->rates && !context->scaled))
		return FALSE;
	for (guint i = 0; i < n; i++, out += stride)
		nfp_put64(out, scale(get64((const uint8_t *)&records[i] + step->offset), records[i].sampling,
				     context->scaled ? 1 : context->sampling));
	return TRUE;
}

static const uint8_t *member_of(const Step *step, const NfpRecord *record)
{
	const uint8_t *from = (const uint8_t *)record;

	if (step->via != 0)
		memcpy(&from, from + step->via, sizeof(from));
	return from + step->offset;
}

static void run_column(const NfpPlan *plan, const Step *step, const NfpRecord *records, guint n,
		       const NfpPlanContext *context, uint8_t *out, guint stride)
{
	if (step->role != ROLE_PLAIN && run_sampled(plan, step, records, n, context, out, stride))
		return;
	if (step->via == 0) {
		run_step(step, (const uint8_t *)records + step->offset, n, context, out, stride);
		return;
	}
	for (guint i = 0; i < n; i++, out += stride)
		run_step(step, member_of(step, &records[i]), 1, context, out, 0);
}

static uint8_t *run_record(const NfpPlan *plan, const NfpRecord *record, const NfpPlanContext *context,
			   uint8_t *out)
{
	for (guint i = 0; i < plan->n; i++) {
		const Step *step = &plan->steps[i];
		const uint8_t *in = member_of(step, record);

		if (step->kind == STEP_TEXT_VARIABLE)
			out = put_text((const NfpText *)(const void *)in, context->text_max, out + step->at);
		else if (step->role == ROLE_PLAIN || !run_sampled(plan, step, record, 1, context, out + step->at, 0))
			run_step(step, in, 1, context, out + step->at, 0);
	}
	return out + plan->tail;
}

guint nfp_plan_length(const NfpPlan *plan, const NfpRecord *record, guint text_max)
{
	guint length = plan->length;

	for (guint i = 0; i < plan->n && plan->variable > 0; i++)
		if (plan->steps[i].kind == STEP_TEXT_VARIABLE)
			length += text_length((const NfpText *)(const void *)member_of(&plan->steps[i], record),
					      text_max);
	return length;
}

guint nfp_plan_run(const NfpPlan *plan, const NfpRecord *records, guint n, const NfpPlanContext *context,
		   uint8_t *out, gsize room, gsize *ret_octets)
{
	uint8_t *at = out;
	guint done = 0;

	if (plan->variable == 0) {
		n = (guint)MIN(n, room / plan->length);
		for (guint i = 0; i < plan->n; i++)
			run_column(plan, &plan->steps[i], records, n, context, out + plan->steps[i].at, plan->length);
		*ret_octets = (gsize)n * plan->length;
		return n;
	}
	for (; done < n; done++) {
		if (nfp_plan_length(plan, &records[done], context->text_max) > room - (gsize)(at - out))
			break;
		at = run_record(plan, &records[done], context, at);
	}
	*ret_octets = (gsize)(at - out);
	return done;
}
