// Profile: which programs are likely to be drawn.
//
// Path: Property::profile -> Draw -> GenerateProgram.
//
// Thread safety: plain data.
// Ownership and lifetime: values.
#pragma once

namespace tenter::fuzz {

// How often something occurs in a program, in percent; 0 is never.
struct Profile {
  int most_threads = 3;
  int most_vars = 4;
  int many_vars = 12;       // programs with many vars, and ops that use many of them
  int fails = 15;           // ops that fail, in any way and with any type
  int async = 25;           // ops that complete by a handle
  int late = 5;             // of those that complete now: bodies that throw afterwards
  int priorities = 30;      // ops with a priority other than 0
  int duplicates = 10;      // ops that name a var twice
  int updates = 20;         // ops that write a var that they read
  int deletes = 4;          // statements that delete a var
  int news = 50;            // deletes that a `new` follows (one thread only)
  int deleter_throws = 20;  // of the deletes
  int waits = 12;           // statements
  int wait_alls = 5;
  int rounds = 4;            // programs in which a pusher waits in a tight loop for what it pushes
  int looks = 4;             // after a push, or in a body
  int stops = 10;            // programs with a stop
  int cancels = 50;          // of the stops
  int pushes_inside = 6;     // ops whose body pushes
  int waits_inside = 3;      // ops whose body waits
  int out_of_memory = 2;     // pushes that cannot allocate
  int run_dependents = 20;   // programs
  int idle = 15;             // programs whose workers end when they are idle
  int parity = 10;           // sequential programs that run on both engines
  int captures = 6;          // statements that record a program and replay it
  int bulks = 20;            // programs of one thread in which most ops are pushed in bulks
  int shared_bulks = 8;      // programs of several threads in which they are
  int forks = 6;             // programs of one thread that fork
  int crowds = 6;            // programs beside whose pushers other threads make and delete vars
  int crowds_at_forks = 60;  // of the programs that fork
  int far_deadlines = 4;     // ops with a deadline that does not pass
  int short_deadlines = 3;   // ops that do not run when they have waited for a while
  int lasting = 3;           // ops for which others wait for a while
  int times_out = 2;         // ops that hold their handle beyond a deadline that passes
  int races = 3;             // ops whose handle is used at about their deadline
  int scopes = 15;           // programs with failure scopes
  int scope_cancels = 30;    // of these: programs in which some are cancelled
  int scope_deadlines = 25;  // of these: programs in which some get a deadline
  int scoped_replays = 40;   // of these: replays that are pushed into a scope
  int blocks = 10;           // ops whose body waits until it is cancelled, where that surely comes
  int meetings = 10;         // programs in which bodies wait for bodies of other ops
  int stale_bulks = 40;      // of the programs of one thread with bulks: with deletes, too
  int fan_ins = 2;           // programs in which an op reads what many failing ops write
  int backlogs = 3;          // programs of one thread in which a push stands for many ops
  bool gated = false;        // one worker, held until everything was pushed
  bool failing_worker = false;
};

}  // namespace tenter::fuzz
