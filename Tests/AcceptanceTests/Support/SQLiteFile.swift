import TestSupport

extension AcodeFixture {
    /// Runs a statement in the file of the tasks, as another program would, and returns the first column of what it says.
    @discardableResult
    func sqlite(_ statement: String) async throws -> [String] {
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1], timeout=10) as file:
                for row in file.execute(sys.argv[2]): print(row[0])
            """
        let file = "\(stateDirectory)/acode.sqlite"
        return try await ChildProcess.tool(
            ProcessPlan("/usr/bin/python3", ["-c", script, file, statement]), within: .seconds(20)
        ).lines
    }
}
