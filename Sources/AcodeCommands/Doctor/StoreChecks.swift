internal import Glibc
internal import Settings
internal import TaskModel
internal import TaskStore

/// Whether the task store can be used.
enum StoreChecks {
    static func run(_ settings: StoreSettings) async -> [DoctorCheck] {
        // Opening would make it, and looking must not change anything.
        guard access(settings.path, F_OK) == 0 else {
            return [.ok("task store", "\(settings.path), made at first use")]
        }
        do throws(StoreError) {
            let store = try await SQLiteTaskStore(path: settings.path)
            let counts: [QueueCount]
            do throws(StoreError) {
                counts = try await store.counts()
            } catch {
                await store.close()
                throw error
            }
            await store.close()
            let open = counts.filter { !$0.state.isTerminal }.reduce(0) { $0 + $1.count }
            return [.ok("task store", "\(settings.path), \(open) tasks to do")]
        } catch {
            return [.fail("task store", error.description, fix: error.hint)]
        }
    }
}
