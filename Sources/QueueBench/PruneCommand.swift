internal import ArgumentParser
internal import TaskModel
internal import TaskStore

/// Forgets what is complete, as the retention of a supervisor does.
struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Forgets all tasks that are complete, and tells how fast.")

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let pace = try await BenchStore.with(options) { store in
            let pace = Pace()
            var cursor: PruneCursor?
            repeat {
                let page = try await store.prune(
                    [PruneRule([.complete], minAge: .zero)], after: cursor, isRehearsal: false)
                pace.add(page.pruned.count)
                cursor = page.next
            } while cursor != nil
            return pace
        }
        try Output.print(pace.report)
    }
}
