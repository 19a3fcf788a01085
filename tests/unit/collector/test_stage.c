/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "collector/stage.h"

static NfpStage *new_stage(void)
{
	NfpStage *stage = g_new(NfpStage, 1);

	nfp_stage_reset(stage);
	return stage;
}

Test(stage, messages_stand_end_to_end)
{
	g_autofree NfpStage *stage = new_stage();
	NfpOutboxPart part = { 0 };
	NfpMessages messages;
	uint32_t length;

	for (uint32_t i = 1; i <= 3; i++) {
		memset(nfp_stage_space(stage, 100), (int)i, i * 10);
		part.from = i;
		nfp_stage_add(stage, i * 10, &part);
	}
	nfp_stage_take(stage, &length, &part);
	cr_assert_eq(length, 10);
	cr_assert_eq(part.from, 1);
	messages = nfp_stage_messages(stage);
	cr_assert_eq(messages.n, 2);
	cr_assert_eq(messages.lengths[0], 20);
	cr_assert_eq(messages.data[0], 2);
	cr_assert_eq(messages.data[20], 3);
}

Test(stage, is_bounded_and_used_again_when_empty)
{
	g_autofree NfpStage *stage = new_stage();
	NfpOutboxPart part = { 0 };
	uint32_t length;
	guint n = 0;

	while (nfp_stage_space(stage, NFP_TRANSPORT_MESSAGE_MAX)) {
		nfp_stage_add(stage, NFP_TRANSPORT_MESSAGE_MAX, &part);
		n++;
	}
	cr_assert_eq(n, 2);
	nfp_stage_take(stage, &length, &part);
	cr_assert_null(nfp_stage_space(stage, NFP_TRANSPORT_MESSAGE_MAX), "what is left stays where it is");
	nfp_stage_take(stage, &length, &part);
	cr_assert(nfp_stage_is_empty(stage));
	cr_assert_eq(nfp_stage_space(stage, NFP_TRANSPORT_MESSAGE_MAX), stage->data);
	for (n = 0; nfp_stage_space(stage, 16); n++)
		nfp_stage_add(stage, 16, &part);
	cr_assert_eq(n, NFP_STAGE_MESSAGES);
}
