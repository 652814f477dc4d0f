// Who uses the private PostgreSQL, as locks on bytes of one file; the kernel takes them back when a process
// dies.
#pragma once

namespace ledger::store::postgres {

enum class LockByte {
    users,     // shared by every process that uses the server; held alone by the one that stops it
    starting,  // held alone while the server's state is looked at and it is started
    guard,     // held alone by the guard for its life
};

// Never waits; true when the lock is held now. Safe between fork and exec.
[[nodiscard]] bool try_lock_shared(int file, LockByte byte) noexcept;
[[nodiscard]] bool try_lock_alone(int file, LockByte byte) noexcept;
void unlock(int file, LockByte byte) noexcept;
// Whether another open file holds the byte in any way.
[[nodiscard]] bool is_locked_by_another(int file, LockByte byte) noexcept;

}  // namespace ledger::store::postgres
