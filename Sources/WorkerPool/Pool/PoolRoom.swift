/// How many workers a pool may have. Pure.
package struct PoolRoom: Sendable, Equatable {
    /// How many attempts may run at once.
    package var target: Int
    /// How many workers are made ahead beside those.
    package var spares: Int

    /// How many workers may be starting, idle or busy. A pool that runs nothing keeps none, not even spares.
    package var live: Int { target == 0 ? 0 : target + spares }

    /// How many there may be with those that go away: a successor need not wait for as many of them as there are spares.
    package var all: Int { target == 0 ? 0 : live + spares }
}

extension PoolState {
    /// The slots in each kind of phase.
    struct Census {
        var live = 0
        var busy = 0
        var stopping = 0

        init(_ slots: [Slot]) {
            for slot in slots {
                switch slot.phase {
                case .vacant: break
                case .starting, .idle: live += 1
                case .busy:
                    live += 1
                    busy += 1
                case .stopping: stopping += 1
                }
            }
        }

        /// How many workers may be started now.
        func opening(in room: PoolRoom) -> Int { max(0, min(room.live - live, room.all - live - stopping)) }

        /// How many more may be started once what goes away is gone.
        func coming(in room: PoolRoom) -> Int { min(stopping, max(0, room.live - live - opening(in: room))) }
    }
}
