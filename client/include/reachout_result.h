/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What results hold: a part of reachout.h, which includes it and says whose
 * the memory is, and in which shapes ids, texts and times come.
 */
#ifndef REACHOUT_RESULT_H
#define REACHOUT_RESULT_H

#include "common/base/ids.h"
#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a message of ours is, in the words that people see. */
enum ro_place {
    RO_PLACE_KEPT,    /* kept here */
    RO_PLACE_BROKER,  /* the broker has it durably, for every recipient */
    RO_PLACE_ARRIVED, /* at least one seat of every recipient said so */
    RO_PLACE_FAILED,  /* nobody can get it any more; the reason is beside it */
    RO_PLACE_THEIRS,  /* not ours: somebody sent it to us */
};

/* Who am I, where is what. */
struct ro_self {
    struct ro_member_id member;
    struct ro_seat_id seat;
    const char *name;   /* the member's */
    const char *role;   /* "lead", "coordinator", ... */
    const char *circle; /* its name */
    enum ro_enrolment {
        RO_ENROL_MADE, /* keys made, not asked yet */
        RO_ENROL_REQUESTED,
        RO_ENROL_ADMITTED,
        RO_ENROL_REFUSED,
        RO_ENROL_WRITTEN, /* asked by a file, not at the broker yet */
        RO_ENROL_REMOVED, /* it was admitted, and is out of the circle */
    } enrolment;
    int64_t removed_at_s; /* when that was heard here; 0: not */
    const char *alarm;    /* the last try ended with it, or this profile is an
                             older copy of itself; NULL: none */
    const char *words[5]; /* to compare by telephone */
    /* what the last try came to, in this process or in one before */
    enum ro_reach_state {
        RO_BROKER_UNKNOWN, /* never tried */
        RO_BROKER_AWAY,
        RO_BROKER_THERE
    } broker;
    int64_t reached_at_s; /* when the broker last answered; 0: never yet */
    size_t outbox;        /* messages not yet at the broker */
    size_t inbox_unread;
    uint64_t directory_size;
    struct ro_hash directory_head;
    /* since this seat last saw a checkpoint of the hour it was, so 0 right
     * after a sync with a broker that is well; -1: none yet */
    int64_t checkpoint_age_s;
    uint32_t epoch_keys_ahead; /* days */
};

/* Whether a member's key was compared by telephone. */
enum ro_verified {
    RO_VERIFIED_NEVER,
    RO_VERIFIED_COMPARED,
    RO_VERIFIED_NO_LONGER, /* its key or name is another, or another member
                              was this school, or had this name, before;
                              nothing is sent there until it was compared */
};

/* A member, or with `listings` a school that has not been admitted. */
struct ro_member {
    struct ro_member_id id; /* zero for a listing */
    uint32_t urn;           /* 0: not a school */
    const char *name;
    const char *phase;
    double km;        /* from here; negative: unknown */
    const char *kind; /* "school", "coordinators", ... or "listing" */
    size_t live;      /* live seats */
    enum ro_verified verified;
    const char *doubt; /* with RO_VERIFIED_NO_LONGER, half a sentence: what
                          there is against it; else NULL */
};

/* A request as it stands here. */
struct ro_request {
    struct ro_request_id id;
    struct ro_member_id from;
    const char *from_name;
    const char *topic;
    const char *urgency;
    const char *state; /* domain.md 6.1, lower case, hyphenated; in a list
                          "unreadable": it cannot be shown here */
    const char *thread_state; /* where we were asked, 6.3; NULL otherwise */
    const char *outcome;      /* "helped", ...; NULL: none (yet) */
    enum ro_side { RO_SIDE_ASKER, RO_SIDE_HELPER, RO_SIDE_COORDINATOR } side;
    int64_t sent_at_s;
    int64_t age_s;
    size_t answers; /* for the asker; others see their own */
    /* Where our messages are that made this state, the hindmost of them; with
     * RO_PLACE_KEPT it is so on this machine only, and nobody else knows of it
     * yet. RO_PLACE_THEIRS: others made it. */
    enum ro_place place;
    /* what was asked for: the charter's words for topic and urgency ("" where
     * it has none), and what was said of the help */
    const char *topic_words;
    const char *urgency_words;
    double days;        /* negative: not said */
    const char *mode;   /* "in-person", "remote"; "": not said */
    uint32_t within_km; /* 0: not said */
};

/* One thread of a request. */
struct ro_thread {
    struct ro_thread_id id;
    struct ro_request_id request;
    struct ro_member_id with;
    const char *with_name;
    const char *state; /* domain.md 6.3, or the request's for coordinators */
};

/* A file that came, or went, with a message. */
struct ro_attachment {
    struct ro_attachment_id id;
    const char *name; /* harmless as the name of a file, whatever was sent */
    uint64_t size;    /* bytes */
    enum ro_attachment_state {
        RO_ATTACHMENT_OURS, /* we sent it: it is where its message is */
        RO_ATTACHMENT_ARRIVING,
        RO_ATTACHMENT_HERE,   /* all of it: it can be saved */
        RO_ATTACHMENT_FAILED, /* it will never be whole */
    } state;
    uint32_t n_here; /* of its pieces; ours: those that have left */
    uint32_t pieces;
    const char *failed; /* RO_ATTACHMENT_FAILED: why, and what to do; or NULL */
};

/* Something that happened: one message, told in full. */
struct ro_event {
    const char *type; /* "message" (not shown here in full), "ask", "answer",
                         "say", "introduced", "not-chosen", "closed", ..., or
                         "key-changed" (`refused` says what to do); of the
                         circle "joined", "left", "renamed", "rules" */
    struct ro_request_id request; /* zero: none */
    struct ro_thread_id thread;   /* zero: none */
    const char *from;             /* name; "" for alarms */
    int64_t at_s;
    const char *text;    /* "" if none */
    const char *refused; /* why it was not applied; NULL: it was */
    enum ro_place place; /* of several bodies in one event, the hindmost */
    const char *failed;  /* RO_PLACE_FAILED: why; NULL otherwise */
    struct ro_message_id message; /* zero: none, or only kept here */
    const struct ro_attachment *attachments;
    size_t n_attachments;
    const char *what; /* of the circle: what happened, in a sentence with names
                         in it; NULL otherwise */
    struct ro_member_id member; /* of the circle, and "key-changed": whose;
                                   zero: several's, or nobody's */
};

/* A message of a thread. */
struct ro_message {
    struct ro_message_id id; /* zero while it is only kept here */
    struct ro_thread_id thread;
    struct ro_member_id from;
    const char *from_name;
    const char *holder; /* who wrote; "" if not said */
    int64_t sent_at_s;
    const char *text;
    enum ro_place place;
    const char *failed; /* RO_PLACE_FAILED: why; NULL otherwise */
    const struct ro_attachment *attachments;
    size_t n_attachments;
    const char *doubt; /* own words for who reads it: it came from a seat under
                          a key that was replaced and not compared, or something
                          before it is missing; NULL: all is well */
    const char *outcome; /* of what closes the request; NULL otherwise */
};

/* What a school answered to a request of ours. */
struct ro_answered {
    struct ro_thread_id id; /* the answer's id is its thread's */
    struct ro_member_id from;
    const char *from_name;
    const char *holder;
    double km;   /* negative: unknown */
    double days; /* negative: not said */
    const char *text;
    const char *state;
};

/* One name of an audience, and what stands behind it. */
struct ro_audience {
    const char *who;  /* as it was given: "coordinators", "group:primary" */
    const char *what; /* "text" or "state": what they read */
    size_t members;
    size_t seats;
};

/* What a call brings back. Only what it is documented to fill is there. */
struct ro_result {
    enum ro_status status;
    const char *why; /* detail of a refusal, our own words; never NULL */
    struct ro_self self;
    struct ro_request request;
    struct ro_request_id request_id; /* zero while none */
    struct ro_thread_id thread_id;
    struct ro_message_id message_id; /* zero while only kept */
    enum ro_place place;
    const char *state; /* the new state; NULL: none */
    size_t stored;     /* envelopes at the broker */
    size_t sent;       /* sync: kept messages of ours that left with it */
    /* a sync that stays: the broker went away, or is back; else unknown */
    enum ro_reach_state turned;
    size_t admitted_among; /* sync: this seat was admitted with it, to a circle
                              of so many members; 0: it was not */
    int64_t accepted_at_s; /* broker's clock; 0: not yet */
    const char **left_out; /* for whom it waits until compared, and why */
    size_t n_left_out;
    struct ro_member_id to_compare; /* the first of those; zero: nobody */
    size_t waiting; /* verify: messages of ours kept here for that member */
    const char *warning; /* who cannot read what went, and what to do; NULL */
    const struct ro_member *members;
    size_t n_members;
    const struct ro_request *requests;
    size_t n_requests;
    const struct ro_thread *threads;
    size_t n_threads;
    const struct ro_event *events;
    size_t n_events;
    const struct ro_message *messages;
    size_t n_messages;
    const struct ro_answered *answers;
    size_t n_answers;
    struct ro_attachment attachment; /* what was saved */
    const char *saved;  /* path of the file that was written; NULL: none */
    const char *number; /* the safety number, in groups; NULL: none */
    const char **words; /* that say the same */
    size_t n_words;
    const struct ro_audience *audience;
    size_t n_audience;
    const char **readers; /* who can read this now, by name */
    size_t n_readers;
    /* ids that fit an ambiguous prefix (RO_AMBIGUOUS) as hex */
    const char **choices;
    size_t n_choices;
};

#endif
