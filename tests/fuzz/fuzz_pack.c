/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets behind a right check sum are a batch or an error. A batch can be printed and packed again. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "record/format.h"
#include "record/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree uint8_t *octets = g_malloc(size + sizeof(uint64_t));
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpBatch) batch = NULL;
	g_autoptr(NfpBatch) again = NULL;
	g_autoptr(GBytes) packed = NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	uint64_t hash = XXH3_64bits(data, size);

	memcpy(octets, data, size);
	memcpy(octets + size, &hash, sizeof(hash));
	batch = nfp_unpack(octets, size + sizeof(hash), &err);
	if ((batch == NULL) != (err != NULL) || (err != NULL && !g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED)))
		abort();
	if (batch == NULL)
		return 0;
	for (uint32_t i = 0; i < batch->n; i++)
		nfp_format_json(text, "fuzz", &batch->records[i]);
	packed = nfp_pack(batch);
	again = nfp_unpack(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed), NULL);
	if (again == NULL || again->n != batch->n)
		abort();
	return 0;
}
