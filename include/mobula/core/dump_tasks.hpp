#pragma once

#include <mobula/requirements.hpp>

#include <string>

namespace mobula {

/// All tasks that are not over, as a tree: who has submitted whom and where, what runs, what waits, at which line, for what
/// and for whose result, and which coroutines wait there for each other. Threads outside of tasks that wait stand after it.
///
///     std::cerr << mb::dump_tasks();
///
///     3 tasks: 1 runs, 2 wait, 0 have not begun
///     task 1 'report', submitted at main.cpp:40, waits
///         for 2.0 s, at main.cpp:21, for the result of task 2 'load'
///       task 2 'load', submitted at main.cpp:20, waits
///           for 2.0 s, at main.cpp:12, for an item of a channel
///             awaited at main.cpp:15
///     task 3 'index', submitted at main.cpp:41, runs, began on worker 1
///
/// It knows the tasks of runtimes that track them (runtime_options::track_tasks), of all in the process; and says so if
/// there is none. The same goes to stderr when the process gets runtime_options::dump_signal.
///
/// Threads: any, at any time. Tasks go on meanwhile; what it says was so at one moment.
/// Errors:  throws std::bad_alloc.
[[nodiscard]] std::string dump_tasks();

}  // namespace mobula
