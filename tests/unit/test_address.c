/* SPDX-License-Identifier: Apache-2.0 */
/* test_address.c - which addresses this server talks to. */
#include "vending/address.h"

#include "common/cx.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>

static const struct {
	const char *address;
	bool allowed, with_refused_loopback;
} addresses[] = {
	{ "10.0.0.1", true, true },
	{ "192.168.1.2", true, true },
	{ "172.16.0.1", true, true },
	{ "100.64.0.1", true, true },
	{ "52.216.0.1", true, true },
	{ "127.0.0.1", true, false },
	{ "127.255.0.1", true, false },
	{ "128.0.0.1", true, true },
	{ "0.0.0.0", false, false },
	{ "0.1.2.3", false, false },
	{ "169.254.169.254", false, false },
	{ "169.254.170.2", false, false },
	{ "169.253.255.255", true, true },
	{ "169.255.0.0", true, true },
	{ "100.100.100.200", false, false },
	{ "100.100.100.201", true, true },
	{ "168.63.129.16", false, false },
	{ "192.0.0.192", false, false },
	{ "223.255.255.255", true, true },
	{ "224.0.0.1", false, false },
	{ "240.0.0.1", false, false },
	{ "255.255.255.255", false, false },
	{ "2001:db8::1", true, true },
	{ "fd12::1", true, true },
	{ "::1", true, false },
	{ "::", false, false },
	{ "fe80::1", false, false },
	{ "febf::1", false, false },
	{ "fec0::1", false, false },
	{ "ff02::1", false, false },
	{ "fd00:ec2::254", false, false },
	{ "fd20:ce::254", false, false },
	{ "::ffff:10.0.0.1", true, true },
	{ "::ffff:127.0.0.1", true, false },
	{ "::ffff:169.254.169.254", false, false },
	{ "::169.254.169.254", false, false },
	{ "64:ff9b::169.254.169.254", false, false },
	{ "64:ff9b::8.8.8.8", true, true },
	{ "2002:a9fe:a9fe::1", false, false },
	{ "2002:0808:0808::1", true, true },
};

START_TEST(talks)
{
	const char *text = addresses[_i].address;
	struct sockaddr_storage a = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(&a, &in, sizeof(in));
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
		memcpy(&a, &in6, sizeof(in6));
	}
	ck_assert_msg(address_allowed((struct sockaddr *)&a, false) == addresses[_i].allowed, "%s",
		      text);
	ck_assert_msg(address_allowed((struct sockaddr *)&a, true) ==
			      addresses[_i].with_refused_loopback,
		      "%s", text);
}
END_TEST

START_TEST(other_families)
{
	struct sockaddr_storage a = { .ss_family = AF_UNIX };

	ck_assert(!address_allowed((struct sockaddr *)&a, false));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, talks, 0, ARRAY_SIZE(addresses));
	tcase_add_test(all, other_families);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
