/* SPDX-License-Identifier: BSD-2-Clause */
#include "play.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "entries.h"
#include "hex.h"
#include "host.h"
#include "rules.h"
#include "sent.h"
#include "show.h"

enum { FRAME_MAX = 10240, HEADROOM = 128, FTP_PORT = 21, AVAILABLE_PAGES = 150000 };

#define MOMENT_NS UINT64_C(10000000)

/* The guest's clock does not begin at zero either. */
#define BEGIN_NS UINT64_C(1000000000000)

struct player {
	struct host host;
	struct lvs_settings settings;
	struct lvs_director *director; /* NULL until something needs it */
	struct lvs_worker *worker;
	struct sent *sent; /* by step */
	struct sent *now;  /* of the step that runs */
	FILE *out;
};

static void must(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "subject: %s: %s\n", what, lvs_strerror(err));
	exit(EXIT_FAILURE);
}

/* Pages, like the guest's: between the two thresholds that scenarios set. */
static uint64_t available(void *user)
{
	(void)user;
	return AVAILABLE_PAGES;
}

/* With the first step that is no sysctl: the settings of scenarios are there from the beginning. */
static void begin(struct player *player)
{
	if (player->director)
		return;
	must(lvs_director_new(&player->settings, &player->director), "director");
	lvs_director_set_path_lookup(player->director, host_path, &player->host);
	/* As the kernel's module binds it. */
	must(lvs_director_bind_helper(player->director, lvs_helper_find("ftp"), LVS_TCP,
				      htons(FTP_PORT)),
	     "helper");
	must(lvs_worker_new(player->director, &player->worker), "worker");
}

static bool set(struct player *player, const char *name, const char *value)
{
	unsigned number = (unsigned)atoi(value);
	static const struct {
		const char *name;
		uint32_t flag;
		bool off; /* the flag stands for 0 */
	} flags[] = {
		{"sloppy_tcp", LVS_SET_SLOPPY_TCP, false},
		{"expire_nodest_conn", LVS_SET_EXPIRE_NODEST, false},
		{"pmtu_disc", LVS_SET_NO_PMTU_DISC, true},
		{"sloppy_sctp", LVS_SET_SLOPPY_SCTP, false},
		{"expire_quiescent_template", LVS_SET_EXPIRE_QUIESCENT, false},
		{"schedule_icmp", LVS_SET_SCHEDULE_ICMP, false},
		{"ignore_tunneled", LVS_SET_IGNORE_TUNNELED, false},
		{"cache_bypass", LVS_SET_CACHE_BYPASS, false},
		{"nat_icmp_send", LVS_SET_NAT_ICMP_SEND, false},
		{"backup_only", LVS_SET_BACKUP_ONLY, false},
		{"run_estimation", LVS_SET_NO_ESTIMATION, true},
	};

	const struct {
		const char *name;
		uint32_t *field;
	} numbers[] = {
		{"drop_entry", &player->settings.drop_entry},
		{"drop_packet", &player->settings.drop_packet},
		{"secure_tcp", &player->settings.secure_tcp},
		{"amemthresh", &player->settings.amemthresh},
		{"am_droprate", &player->settings.am_droprate},
		{"lblc_expiration", &player->settings.lblc_expiration_s},
		{"lblcr_expiration", &player->settings.lblcr_expiration_s},
	};

	if (!strcmp(name, "conn_reuse_mode")) {
		player->settings.reuse = number == 0  ? LVS_REUSE_NEVER
					 : number & 2 ? LVS_REUSE_FIN_WAIT
						      : LVS_REUSE_CLOSED;
		return true;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!strcmp(name, numbers[i].name)) {
			*numbers[i].field = number;
			return true;
		}
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (strcmp(name, flags[i].name) != 0)
			continue;
		player->settings.flags &= ~flags[i].flag;
		if ((number != 0) != flags[i].off)
			player->settings.flags |= flags[i].flag;
		return true;
	}
	return false;
}

static bool do_sysctl(struct player *player, char *args)
{
	static const char folder[] = "net/ipv4/vs/";
	char *name = script_word(&args);

	if (!name || !args || strncmp(name, folder, strlen(folder)) != 0)
		return false;
	/* Defences that are automatic may have moved. */
	if (player->director)
		lvs_director_get_settings(player->director, &player->settings);
	if (!set(player, name + strlen(folder), args))
		return false;
	return !player->director ||
	       lvs_director_change(player->director, &player->settings, NULL) == 0;
}

/* --- What leaves --- */

static void give(struct player *player, unsigned interface, const uint8_t *frame, size_t len)
{
	fprintf(player->out, "out %s ", script_if_name(interface));
	hex_write(player->out, frame, len);
	putc('\n', player->out);
	sent_keep(player->now, interface, frame, len);
}

/* Onto the link towards an address; the packet has room for the Ethernet header. */
static void transmit(struct player *player, unsigned family, const union lvs_addr *next_hop,
		     uint8_t *data, size_t len)
{
	uint8_t *frame = data - ETHER_LEN;
	struct host_way way;

	if (!host_way(&player->host, family, next_hop, &way)) {
		fprintf(player->out, "text no way to the next hop\n");
		return;
	}
	if (!host_ether(&player->host, family, &way, frame)) {
		fprintf(player->out, "text no neighbour for the next hop\n");
		return;
	}
	give(player, way.interface, frame, ETHER_LEN + len);
}

static void transmit_cut(struct player *player, const struct lvs_packet *packet)
{
	static uint8_t buffer[HEADROOM + FRAME_MAX];
	struct lvs_packet part = {.len = 0};

	for (unsigned i = 0;; i++) {
		part = (struct lvs_packet){
			.data = buffer + HEADROOM, .headroom = HEADROOM, .tailroom = FRAME_MAX};
		if (lvs_packet_fragment(packet, packet->cut_len, i, &part) != 1)
			return;
		transmit(player, packet->next_hop_family, &packet->next_hop, part.data,
			 part.linear_len);
	}
}

/* The length that the IP header says: padding of short frames does not leave again. */
static size_t ip_len(const uint8_t *data, size_t len)
{
	size_t said;

	if (len < 20)
		return len;
	said = data[0] >> 4 == 4 ? (size_t)(data[2] << 8 | data[3])
				 : 40 + (size_t)(data[4] << 8 | data[5]);
	return said < len ? said : len;
}

/* The host's share: for itself, or plain forwarding. */
static void pass(struct player *player, struct lvs_packet *packet)
{
	uint8_t *data = packet->data;
	unsigned family = data[0] >> 4 == 4 ? LVS_INET : LVS_INET6;
	size_t len = ip_len(data, packet->linear_len);
	union lvs_addr dst = {.word = {0}};
	struct host_way way;
	uint32_t sum;

	memcpy(&dst, data + (family == LVS_INET ? 16 : 24), family == LVS_INET ? 4 : 16);
	if (packet->link_type == LVS_LINK_OTHER)
		return; /* nor does the host take it */
	way.local = false;
	if (packet->mark)
		way.local = true;
	else if (!host_way(&player->host, family, &dst, &way))
		return;
	if (way.local) {
		uint8_t *frame = data - ETHER_LEN;

		memset(frame, 0, ETHER_LEN);
		give(player, SCRIPT_P0, frame, ETHER_LEN + len);
		return;
	}
	if (data[family == LVS_INET ? 8 : 7] <= 1) {
		/* The host's own stack tells the sender; that is not liblvs' to do. */
		fputs("host\n", player->out);
		return;
	}
	if (family == LVS_INET6) {
		data[7]--;
	} else {
		data[8]--;
		sum = (uint32_t)(data[10] << 8 | data[11]) + 0x100;
		sum += sum >> 16;
		data[10] = (uint8_t)(sum >> 8);
		data[11] = (uint8_t)sum;
	}
	transmit(player, family, &way.next_hop, data, len);
}

static void settle(struct player *player, struct lvs_packet *packet)
{
	fprintf(player->out, "reason %s %s\n", lvs_verdict_name(packet->verdict),
		lvs_reason_name(packet->reason));
	switch (packet->verdict) {
	case LVS_FORWARD:
	case LVS_REPLY:
		if (packet->cut == LVS_CUT_FRAGMENT)
			transmit_cut(player, packet);
		else
			transmit(player, packet->next_hop_family, &packet->next_hop, packet->data,
				 ip_len(packet->data, packet->linear_len));
		break;
	case LVS_PASS:
		pass(player, packet);
		break;
	default:
		break;
	}
}

/* What the library held back and now lets go. */
static void release(struct player *player)
{
	static uint8_t buffer[HEADROOM + FRAME_MAX];
	struct lvs_packet packet;

	while (lvs_worker_outbox(player->worker, &packet, 1) && packet.linear_len <= FRAME_MAX) {
		/* The link-layer header needs room of our own. */
		memcpy(buffer + HEADROOM, packet.data, packet.linear_len);
		packet.data = buffer + HEADROOM;
		settle(player, &packet);
	}
}

/* --- What comes in --- */

static uint32_t mark_of(const struct host *host, const uint8_t *data, size_t len)
{
	unsigned family = len && data[0] >> 4 == 6 ? LVS_INET6 : LVS_INET;
	union lvs_addr dst = {.word = {0}};

	if (len < (family == LVS_INET6 ? 40 : 20))
		return 0;
	memcpy(&dst, data + (family == LVS_INET ? 16 : 24), family == LVS_INET ? 4 : 16);
	return host_mark(host, family, &dst);
}

static bool inject(struct player *player, const struct step *step, uint64_t now)
{
	static uint8_t buffer[HEADROOM + FRAME_MAX + HEADROOM];
	uint8_t *frame = buffer + HEADROOM;
	struct lvs_packet packet;
	unsigned interface;
	int len = sent_frame(player->sent, (size_t)(player->now - player->sent), step, &interface,
			     frame, FRAME_MAX);

	if (len < ETHER_LEN)
		return false;
	packet = (struct lvs_packet){
		.data = frame + ETHER_LEN,
		.len = (uint32_t)len - ETHER_LEN,
		.linear_len = (uint32_t)len - ETHER_LEN,
		.headroom = HEADROOM,
		.tailroom = HEADROOM,
		.link_type = (uint8_t)host_link_type(interface, frame),
	};
	packet.mark = mark_of(&player->host, packet.data, packet.linear_len);
	lvs_worker_process(player->worker, &packet, 1, now);
	settle(player, &packet);
	release(player);
	return true;
}

static bool do_show(struct player *player, char *args, uint64_t now)
{
	if (args && strstr(args, "--stats"))
		show_stats(player->director, player->out);
	else if (args && strstr(args, "--rate"))
		show_rates(player->director, player->out);
	else if (args && strstr(args, "--persistent-conn"))
		show_persistent(player->director, player->out);
	else if (args && strstr(args, "--thresholds"))
		show_thresholds(player->director, player->out);
	else if (args && !strcmp(args, "-Lnc"))
		show_conns(player->director, now, false, player->out);
	else if (args && !strcmp(args, "-Ln"))
		show_services(player->director, player->out);
	else
		return false;
	return true;
}

/* One after the other; the first that fails gives the status, the others are carried out. */
static int do_rules(struct player *player, char *rules)
{
	int status = 0;
	char *rule;

	while ((rule = strsep(&rules, ";"))) {
		int err = rules_apply(player->director, &player->host, rule);

		status = status ? status : -err; /* the numbers are Linux's */
	}
	return status;
}

static int do_step(struct player *player, const struct step *step, uint64_t now)
{
	switch (step->kind) {
	case STEP_SYSCTL:
		return !do_sysctl(player, step->args);
	case STEP_IPVSADM:
	case STEP_RULES:
		return do_rules(player, step->args);
	case STEP_SHOW:
		return !do_show(player, step->args, now);
	case STEP_SNAP:
		entries_write(player->director, ENTRIES_CONF, player->out);
		show_conns(player->director, now, true, player->out);
		return 0;
	case STEP_COUNT:
		entries_write(player->director, ENTRIES_COUNTERS, player->out);
		return 0;
	case STEP_RATES:
		entries_write(player->director, ENTRIES_RATES, player->out);
		return 0;
	case STEP_FRAME:
	case STEP_ANSWER:
	case STEP_QUOTE:
		return !inject(player, step, now);
	}
	return 1;
}

/* What comes due on the way is done when it is due, as an embedder's clock would have it. */
static void pass_time(struct player *player, uint64_t now)
{
	uint64_t due = lvs_worker_expiry(player->worker);
	uint64_t last = 0;

	while (due < now && last < now) {
		last = due > last ? due : last + MOMENT_NS;
		lvs_worker_handle_expiry(player->worker, last, 0);
		due = lvs_worker_expiry(player->worker);
	}
	lvs_worker_handle_expiry(player->worker, now, 0);
}

static void play_step(struct player *player, const struct step *step)
{
	uint64_t now = BEGIN_NS + step->at_ns;
	int status;

	if (step->kind != STEP_SYSCTL)
		begin(player);
	if (player->director)
		pass_time(player, now);
	status = do_step(player, step, now);
	fprintf(player->out, "status %d\n", status);
}

static bool open_player(struct player *player, const struct scenario *scenario, FILE *out)
{
	*player = (struct player){.out = out};
	lvs_settings_init(&player->settings);
	/* The agent switches the guest's limits off. */
	player->settings.icmp_ratelimit_ms = LVS_UNLIMITED;
	player->settings.icmp_msgs_per_sec = LVS_UNLIMITED;
	player->settings.memory.available = available;
	/* Each scenario draws otherwise, as the kernel does. */
	player->settings.seed = scenario->number;
	player->sent = calloc(scenario->step_n + 1, sizeof(*player->sent));
	player->now = player->sent;
	if (player->sent && host_read(&player->host, scenario))
		return true;
	fprintf(out, "error scenario %u: its place is not understood\n", scenario->number);
	free(player->sent);
	return false;
}

static void close_player(struct player *player)
{
	lvs_worker_del(player->worker);
	lvs_director_del(player->director);
	free(player->sent);
}

void play(struct scenario *scenario, FILE *out)
{
	struct player player;

	if (!open_player(&player, scenario, out))
		return;
	for (size_t i = 0; i < scenario->step_n; i++) {
		player.now = &player.sent[i];
		fprintf(out, "step %u %zu %" PRIu64 "\n", scenario->number, i,
			scenario->step[i].at_ns);
		play_step(&player, &scenario->step[i]);
	}
	close_player(&player);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void play_live(struct scenario *scenario, FILE *in, FILE *out)
{
	struct player player;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!open_player(&player, scenario, out))
		return;
	while ((len = getline(&line, &size, in)) > 0) {
		struct step step = {.at_ns = now_ns()};

		line[len - 1] = 0; /* the line feed */
		if (script_step(line, &step))
			play_step(&player, &step);
		else
			fputs("status 1\n", out);
		fflush(out);
	}
	free(line);
	close_player(&player);
}
