/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/texts.h"

#include <string.h>
#include <xxhash.h>

#define CHUNK 65536
#define FIRST_SLOTS 64

struct NfpTexts {
	GPtrArray *chunks;
	size_t left;     /* of the last chunk */
	GArray *entries; /* NfpText; id is the index */
	uint32_t *slots; /* open addressing: id, 0 = free; NULL: sealed */
	uint32_t slots_n; /* a power of two, more than twice the entries */
};

NfpTexts *nfp_texts_new(void)
{
	NfpTexts *t = g_new0(NfpTexts, 1);
	NfpText empty = { "", 0 };

	t->chunks = g_ptr_array_new_with_free_func(g_free);
	t->entries = g_array_new(FALSE, FALSE, sizeof(NfpText));
	g_array_append_val(t->entries, empty);
	t->slots_n = FIRST_SLOTS;
	t->slots = g_new0(uint32_t, t->slots_n);
	return t;
}

static const char *keep(NfpTexts *t, const char *text, size_t length)
{
	char *at;

	if (t->left < length + 1) {
		g_ptr_array_add(t->chunks, g_malloc(CHUNK));
		t->left = CHUNK;
	}
	at = (char *)g_ptr_array_index(t->chunks, t->chunks->len - 1) + CHUNK - t->left;
	memcpy(at, text, length);
	at[length] = '\0';
	t->left -= length + 1;
	return at;
}

static uint32_t *slot_of(const NfpTexts *t, const char *text, size_t length)
{
	uint32_t at = (uint32_t)XXH3_64bits(text, length);

	for (;; at++) {
		uint32_t *slot = &t->slots[at & (t->slots_n - 1)];
		const NfpText *entry = &g_array_index(t->entries, NfpText, *slot);

		if (!*slot || (entry->length == length && !memcmp(entry->text, text, length)))
			return slot;
	}
}

static void grow(NfpTexts *t)
{
	g_free(t->slots);
	t->slots_n *= 2;
	t->slots = g_new0(uint32_t, t->slots_n);
	for (uint32_t id = 1; id < t->entries->len; id++) {
		const NfpText *entry = &g_array_index(t->entries, NfpText, id);

		*slot_of(t, entry->text, entry->length) = id;
	}
}

uint32_t nfp_texts_add(NfpTexts *t, const char *text, size_t length)
{
	NfpText entry = { .length = (uint16_t)length };
	uint32_t *slot;

	g_assert(length <= NFP_TEXT_MAX && t->slots);
	if (!length)
		return 0;
	slot = slot_of(t, text, length);
	if (*slot)
		return *slot;
	entry.text = keep(t, text, length);
	*slot = t->entries->len;
	g_array_append_val(t->entries, entry);
	if (t->slots_n < 2 * t->entries->len)
		grow(t);
	return t->entries->len - 1;
}

NfpText nfp_texts_get(const NfpTexts *t, uint32_t id)
{
	return g_array_index(t->entries, NfpText, id);
}

void nfp_texts_seal(NfpTexts *t)
{
	g_clear_pointer(&t->slots, g_free);
	t->slots_n = 0;
}

size_t nfp_texts_memory(const NfpTexts *t)
{
	return (size_t)t->chunks->len * CHUNK + (size_t)t->entries->len * sizeof(NfpText) +
	       (size_t)t->slots_n * sizeof(*t->slots);
}

void nfp_texts_free(NfpTexts *t)
{
	if (!t)
		return;
	g_ptr_array_unref(t->chunks);
	g_array_unref(t->entries);
	g_free(t->slots);
	g_free(t);
}
