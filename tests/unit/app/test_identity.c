/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <glib/gstdio.h>

#include "app/app.h"
#include "app/identity.h"
#include "base/clock.h"

#define S NFP_NS_PER_S
#define NOW (1700000000 * S)

typedef struct {
	NfpConf conf;
	NfpInterfaceOptions netns[3];
} World;

static void world_init(World *world, const char *first, const char *second)
{
	*world = (World){ .conf = { .instance = (char *)"t/1", .pin_root = (char *)"/nonexistent", .interval = 60 * S,
				    .state_dir = g_dir_make_tmp("nfp-identity-XXXXXX", NULL),
				    .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) } };
	world->netns[0].netns = (char *)first;
	world->netns[1].netns = (char *)second;
	g_array_append_vals(world->conf.interfaces, world->netns, 2);
}

static void world_clear(World *world)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", world->conf.state_dir);

	g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
	g_free(world->conf.state_dir);
	g_array_unref(world->conf.interfaces);
}

static uint32_t number(const World *world, const char *netns)
{
	g_autoptr(NfpDomain) domain = nfp_domain_new(&world->conf, netns);

	return domain->domain;
}

static NfpIdentity *start(const World *world, uint64_t now)
{
	g_autoptr(GPtrArray) domains = nfp_domains_list(&world->conf);

	return nfp_identity_new(&world->conf, domains, now);
}

/* The configuration may be written in another order, or lose one: a namespace stays who it is. */
Test(identity, namespaces_keep_their_numbers)
{
	World world;

	world_init(&world, "red", "blue");
	cr_assert_eq(number(&world, "red"), 1);
	cr_assert_eq(number(&world, "blue"), 2);
	cr_assert_eq(number(&world, "green"), 3, "one that no interface names");
	nfp_identity_free(start(&world, NOW));
	g_array_index(world.conf.interfaces, NfpInterfaceOptions, 0).netns = (char *)"green";
	cr_assert_eq(number(&world, "blue"), 2);
	cr_assert_eq(number(&world, "green"), 3);
	cr_assert_eq(number(&world, "red"), 1);
	cr_assert_eq(number(&world, NULL), 0);
	world_clear(&world);
}

Test(identity, by_the_configuration_without_a_state)
{
	World world;
	g_autofree char *folder = NULL;

	world_init(&world, "red", "blue");
	folder = g_steal_pointer(&world.conf.state_dir);
	cr_assert_null(nfp_identity_read(&world.conf));
	g_autoptr(NfpIdentity) identity = start(&world, NOW);
	cr_assert_eq(number(&world, "red"), 1);
	cr_assert_eq(nfp_identity_step(identity), 0);
	world.conf.state_dir = g_steal_pointer(&folder);
	world_clear(&world);
}

static uint64_t step(const World *world, uint64_t now)
{
	g_autoptr(NfpIdentity) identity = start(world, now);

	return nfp_identity_step(identity);
}

/* New pins at a time that labels were given out for, or may have been: other labels. */
Test(identity, no_label_comes_again)
{
	World world;
	uint64_t again;

	world_init(&world, "red", "blue");
	cr_assert_eq(step(&world, NOW), 0, "the first life");
	cr_assert_eq(step(&world, NOW + 86400 * S), 0, "time has gone on: no label of then can come");
	again = step(&world, NOW + 3600 * S);
	cr_assert_gt(again, 0, "the clock was set back");
	cr_assert_gt(step(&world, NOW + 3600 * S), again, "and again");
	cr_assert_eq(step(&world, NOW + 10 * 86400 * S), 2 * again, "never less");
	world_clear(&world);
}

Test(identity, renewed_labels_are_given_out)
{
	World world;

	world_init(&world, "red", "blue");
	g_autoptr(NfpIdentity) identity = start(&world, NOW);
	nfp_identity_renew(identity, NOW + 5 * 3600 * S);
	cr_assert_gt(step(&world, NOW + 5 * 3600 * S), 0);
	world_clear(&world);
}

Test(identity, starts_are_counted)
{
	World world;
	uint64_t first;
	uint64_t starts;

	world_init(&world, "red", "blue");
	nfp_identity_free(start(&world, NOW));
	g_autoptr(NfpIdentity) identity = start(&world, NOW + 100 * S);
	nfp_identity_starts(identity, &first, &starts);
	cr_assert_eq(first, NOW / S);
	cr_assert_eq(starts, 2);
	world_clear(&world);
}

Test(identity, a_place_that_cannot_be_written)
{
	World world;
	g_autofree char *folder = NULL;

	world_init(&world, "red", "blue");
	folder = g_steal_pointer(&world.conf.state_dir);
	world.conf.state_dir = (char *)"/proc/nothing";
	g_autoptr(NfpIdentity) identity = start(&world, NOW);
	cr_assert_eq(number(&world, "blue"), 2);
	nfp_identity_renew(identity, NOW);
	cr_assert_eq(nfp_identity_step(identity), 0);
	world.conf.state_dir = g_steal_pointer(&folder);
	world_clear(&world);
}
