/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the time of one message goes inside the broker, without sockets: the
 * core on a real store, driven stage by stage as pipeline.c does it. Deposits
 * of one turn, their commit, the pushes after it, and the acks of the next
 * turn. All figures are for one envelope, from the medians of frames and turns:
 * so what else runs on the machine does not show.
 */
#include <string.h>

#include "common/crypto/door.h"
#include "common/crypto/seal.h"
#include "daemon/pipeline/broker_state.h"
#include "tests/bench/post.h"
#include "tests/bench/report.h"
#include "unit/store/folder.h"

#include "frame.pb-c.h"

#define SEATS 8
#define PUSH_MAX 256

/* One measurement. */
struct load {
    size_t turns;
    size_t frames; /* deposits a turn */
    size_t a_frame;
};

static const struct load loads[] = {
    {100,  16, 32},
    {1000, 16, 1 },
    {2000, 1,  1 },
};

static const struct {
    const char *name;
    stage_fn *run;
} stages[] = {
    {"ingress_us",   ingress_run    },
    {"decode_us",    decode_run     },
    {"authorise_us", authorise_run  },
    {"store_us",     store_stage_run},
    {"route_us",     route_run      },
    {"deliver_us",   deliver_run    },
};

/* Time spent, by what it was spent on: a sample a frame, and one a turn. */
struct spent {
    struct samples deposit[RO_LEN(stages)];
    struct samples ack[RO_LEN(stages)];
    struct samples begin;
    struct samples commit;
    struct samples answers;
    struct samples pushes;
    struct samples tidy;
};

/* An ack that is to be given to the broker. */
struct waiting {
    struct session_id from;
    struct ro_buf frame;
};

struct bench {
    struct folder folder;
    struct test_circle *circle;
    struct store *store;
    struct broker *broker;
    struct post *post;
    struct session_id sender;
    struct session_id receivers[SEATS];
    struct ro_arena *arena;
    struct waiting acks[PUSH_MAX];
    size_t n_acks;
    uint64_t number;
    size_t pushed;
    struct spent spent;
};

/* --- frames -------------------------------------------------------------- */

static void
pack(enum ro_verb verb, const ProtobufCMessage *ask, struct ro_buf *out)
{
    const struct ro_frame_header header = {.verb = (uint8_t)verb,
                                           .kind = RO_FRAME_ASK};
    ro_buf_clear(out);
    ro_frame_put_header(&header, out);
    test_must(ro_pack(ask, out));
}

/* A frame through the stages; each one's time becomes a sample. */
static void
take(struct bench *bench,
     struct session_id from,
     struct ro_bytes frame,
     struct samples spent[static RO_LEN(stages)])
{
    struct broker *broker = bench->broker;
    struct request req = {
        .id = from,
        .session = sessions_find(broker->sessions, from),
        .frame = frame,
        .arena = broker->work,
    };
    ro_arena_reset(broker->work, BROKER_WORK_BUDGET, BROKER_WORK_PIECES);
    int64_t from_ns = now_ns();
    for (size_t i = 0; i < RO_LEN(stages); i++) {
        test_must(stages[i].run(broker, &req));
        int64_t ns = now_ns();
        samples_add(&spent[i], ns - from_ns);
        from_ns = ns;
    }
}

/* The ack of a push, for the next turn. */
static void
keep_ack(struct bench *bench, const struct broker_send *send)
{
    struct ro_frame_header header;
    struct ro_bytes payload;
    ProtobufCMessage *message = NULL;
    test_must(ro_frame_get(send->frame, &header, &payload));
    if (header.status != 0)
        die("verb %u was refused", header.verb);
    if (header.kind != RO_FRAME_PUSH)
        return;
    test_must(ro_unpack(&reachout__attach__push__descriptor, payload,
                        bench->arena, &message));
    const Reachout__Attach__Push *push = (const void *)message;
    uint64_t keys[PUSH_MAX];
    for (size_t i = 0; i < push->n_envelopes; i++)
        keys[i] = push->envelopes[i]->key;
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    ask.has_mailbox = true;
    ask.mailbox = push->mailbox;
    ask.n_keys = push->n_envelopes;
    ask.keys = keys;
    if (bench->n_acks == PUSH_MAX)
        die("too many pushes");
    struct waiting *ack = &bench->acks[bench->n_acks++];
    ack->from = send->to;
    pack(RO_VERB_ACK, &ask.base, &ack->frame);
    bench->pushed += push->n_envelopes;
}

/* --- turns --------------------------------------------------------------- */

static void
begin_turn(struct bench *bench)
{
    int64_t from_ns = now_ns();
    test_must(broker_turn_begin(bench->broker));
    samples_add(&bench->spent.begin, now_ns() - from_ns);
}

/* Sends what there is to send, answers first: how long that took. */
static void
send_all(struct bench *bench)
{
    struct broker_send send;
    int64_t answers_ns = 0;
    int64_t pushes_ns = 0;
    for (;;) {
        int64_t from_ns = now_ns();
        bool more = broker_send_next(bench->broker, &send);
        int64_t took_ns = now_ns() - from_ns;
        bool is_answer = more && send.frame.data[2] == RO_FRAME_ANSWER;
        answers_ns += is_answer ? took_ns : 0;
        pushes_ns += is_answer ? 0 : took_ns;
        if (!more)
            break;
        keep_ack(bench, &send);
    }
    samples_add(&bench->spent.answers, answers_ns);
    samples_add(&bench->spent.pushes, pushes_ns);
}

static void
end_turn(struct bench *bench)
{
    int64_t from_ns = now_ns();
    test_must(broker_turn_end(bench->broker));
    samples_add(&bench->spent.commit, now_ns() - from_ns);
    send_all(bench);
    from_ns = now_ns();
    store_tidy(bench->store);
    samples_add(&bench->spent.tidy, now_ns() - from_ns);
}

static void
give_acks(struct bench *bench)
{
    for (size_t i = 0; i < bench->n_acks; i++) {
        const struct waiting *ack = &bench->acks[i];
        take(bench, ack->from, ro_buf_view(&ack->frame), bench->spent.ack);
    }
    bench->n_acks = 0;
}

/* Turns with deposits, each with the acks of what the last one pushed, until
 * everything is acknowledged. */
static void
run_turns(struct bench *bench, const struct load *load)
{
    RO_AUTOBUF frame = {0};
    for (size_t turn = 0; turn < load->turns; turn++) {
        begin_turn(bench);
        give_acks(bench);
        for (size_t i = 0; i < load->frames; i++) {
            post_pack(bench->post, bench->number, load->a_frame, &frame);
            bench->number += load->a_frame;
            take(bench, bench->sender, ro_buf_view(&frame),
                 bench->spent.deposit);
        }
        end_turn(bench);
    }
    while (bench->n_acks > 0) {
        begin_turn(bench);
        give_acks(bench);
        end_turn(bench);
    }
}

/* --- telling ------------------------------------------------------------- */

/* Adds a figure, of samples that stand for so many envelopes each: what it is.
 */
static double
tell_one(json_t *line, const char *name, struct samples *samples, double each)
{
    samples_sort(samples);
    double us = (double)samples_at(samples, 50) / each / 1e3;
    report_real(line, name, us);
    samples_fini(samples);
    return us;
}

static double
tell_stages(json_t *line,
            const char *name,
            struct samples spent[static RO_LEN(stages)],
            double each)
{
    json_t *object = must_have(json_object());
    double all_us = 0;
    for (size_t i = 0; i < RO_LEN(stages); i++)
        all_us += tell_one(object, stages[i].name, &spent[i], each);
    report_real(object, "all_us", all_us);
    json_object_set_new(line, name, object);
    return all_us;
}

static void
tell(struct bench *bench, const struct load *load, size_t n_acks)
{
    struct spent *spent = &bench->spent;
    size_t n = load->turns * load->frames * load->a_frame;
    double a_turn = (double)(load->frames * load->a_frame);
    json_t *line = report_new("stages", bench->folder.path);
    report_whole(line, "envelopes", n);
    report_whole(line, "envelopes_a_deposit", load->a_frame);
    report_whole(line, "deposits_a_turn", load->frames);
    double all_us =
        tell_stages(line, "deposit", spent->deposit, (double)load->a_frame);
    all_us += tell_stages(line, "ack", spent->ack, (double)n / (double)n_acks);
    all_us += tell_one(line, "begin_us", &spent->begin, a_turn);
    all_us += tell_one(line, "commit_us", &spent->commit, a_turn);
    all_us += tell_one(line, "answers_us", &spent->answers, a_turn);
    all_us += tell_one(line, "pushes_us", &spent->pushes, a_turn);
    all_us += tell_one(line, "tidy_us", &spent->tidy, a_turn);
    report_real(line, "all_us", all_us);
    report_print(line);
}

/* What was spent before the first measurement. */
static void
forget(struct bench *bench)
{
    struct samples *const turn[] = {
        &bench->spent.begin,  &bench->spent.commit, &bench->spent.answers,
        &bench->spent.pushes, &bench->spent.tidy,
    };
    for (size_t i = 0; i < RO_LEN(turn); i++)
        samples_fini(turn[i]);
}

static void
measure(struct bench *bench, const struct load *load)
{
    bench->pushed = 0;
    run_turns(bench, load);
    if (bench->pushed != load->turns * load->frames * load->a_frame)
        die("%zu envelopes were pushed", bench->pushed);
    tell(bench, load, bench->spent.ack[0].n);
}

/* --- hashing alone, which is part of the store stage --------------------- */

#define HASHES 20000

static void
measure_hashes(struct bench *bench)
{
    static const uint8_t body[POST_BODY_BYTES];
    static const uint8_t wrap[RO_WRAP_SIZE];
    struct samples samples = {0};
    struct ro_hash hash;
    struct ro_envelope_id id;
    for (size_t i = 0; i < HASHES; i++) {
        int64_t from_ns = now_ns();
        ro_body_hash((struct ro_bytes){body, sizeof(body)}, &hash);
        ro_envelope_id_of(&bench->circle->members[0]->seats[0]->id, &hash,
                          (struct ro_bytes){wrap, sizeof(wrap)}, &id);
        samples_add(&samples, now_ns() - from_ns);
    }
    json_t *line = report_new("hashes", bench->folder.path);
    tell_one(line, "body_and_envelope_us", &samples, 1);
    report_print(line);
}

/* --- the broker ---------------------------------------------------------- */

static void
open_broker(struct bench *bench)
{
    struct ro_why why = {""};
    struct broker_setup setup = {
        .clock = ro_clock_system(),
        .entropy = ro_entropy_system(),
        .limits =
            {
                     .sessions = 64,
                     .open_envelopes = UINT32_MAX,
                     .open_bytes = UINT64_MAX,
                     .mailbox_envelopes = 1000000,
                     .window = 1024,
                     .turn_timers = 256,
                     .session_idle_ms = (int64_t)3600 * 1000,
                     },
        .root = bench->circle->root,
        .curve = *ro_keypair_x25519(bench->circle->broker_curve),
        .signing = bench->circle->broker_signing,
        .door.generation = bench->circle->generation,
    };
    memcpy(setup.door.psk, bench->circle->psk, sizeof(setup.door.psk));
    test_must(store_open(bench->folder.path, &why, &bench->store));
    setup.store = bench->store;
    test_must(broker_new(&setup, &why, &bench->broker));
}

/* One ask in a turn of its own. */
static void
ask(struct bench *bench,
    struct session_id from,
    enum ro_verb verb,
    const ProtobufCMessage *message)
{
    RO_AUTOBUF frame = {0};
    pack(verb, message, &frame);
    test_must(broker_turn_begin(bench->broker));
    broker_take(bench->broker, from, ro_buf_view(&frame));
    end_turn(bench);
}

static void
append_records(struct bench *bench)
{
    for (size_t i = 0; i < bench->circle->n_records; i++) {
        Reachout__Append__Ask append = REACHOUT__APPEND__ASK__INIT;
        ProtobufCBinaryData record =
            ro_as_field(test_circle_record(bench->circle, i));
        append.n_records = 1;
        append.records = &record;
        ask(bench, bench->sender, RO_VERB_APPEND, &append.base);
    }
}

static void
connect_all(struct bench *bench)
{
    struct ro_key curve = {{1}};
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    Reachout__Hello__Ask hello = REACHOUT__HELLO__ASK__INIT;
    const Reachout__Attach__Ask attach = REACHOUT__ATTACH__ASK__INIT;
    test_must(
        broker_session_open(bench->broker, DOOR_OPEN, &curve, &bench->sender));
    ro_door_proof(bench->circle->psk,
                  ro_keypair_x25519(bench->circle->broker_curve), &curve,
                  proof);
    hello.has_protocol = hello.has_proof = hello.has_generation = true;
    hello.protocol = 1;
    hello.proof = ro_as_field((struct ro_bytes){proof, sizeof(proof)});
    hello.generation = bench->circle->generation;
    ask(bench, bench->sender, RO_VERB_HELLO, &hello.base);
    append_records(bench);
    for (size_t i = 0; i < SEATS; i++) {
        const struct test_seat *seat = bench->circle->members[i]->seats[0];
        test_must(broker_session_open(bench->broker, DOOR_MEMBER,
                                      ro_keypair_x25519(seat->transport),
                                      &bench->receivers[i]));
        ask(bench, bench->receivers[i], RO_VERB_ATTACH, &attach.base);
    }
}

int
main(void)
{
    struct bench *bench = must_have(calloc(1, sizeof(*bench)));
    bench->folder = folder_new();
    bench->circle = test_circle_open(1, SEATS);
    bench->arena = must_have(ro_arena_new(0, 0));
    open_broker(bench);
    bench->post = post_new(bench->circle, SEATS);
    connect_all(bench);
    forget(bench);
    for (size_t i = 0; i < RO_LEN(loads); i++)
        measure(bench, &loads[i]);
    measure_hashes(bench);
    broker_free(bench->broker);
    store_free(bench->store);
    for (size_t i = 0; i < RO_LEN(bench->acks); i++)
        ro_buf_fini(&bench->acks[i].frame);
    ro_arena_free(bench->arena);
    post_free(bench->post);
    test_circle_free(bench->circle);
    folder_remove(&bench->folder);
    free(bench);
    return 0;
}
