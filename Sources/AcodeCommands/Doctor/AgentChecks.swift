internal import Foundation

/// Whether the agent is there and runs in any image.
enum AgentChecks {
    static func run(environment: [String: String]) -> [DoctorCheck] {
        let path: String
        do throws(CommandFailure) {
            path = try AgentLocation.find(environment: environment)
        } catch {
            return [.fail("agent", error.message, fix: error.hint)]
        }
        guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 4096) else {
            return [.fail("agent", "\(path) can't be read", fix: "make it readable")]
        }
        return [judge(ExecutableFile.read([UInt8](head)), path: path)]
    }

    static func judge(_ file: ExecutableFile, path: String) -> DoctorCheck {
        switch file {
        case .isStatic: .ok("agent", "\(path), static")
        case .isDynamic(let interpreter):
            .fail(
                "agent", "\(path) is linked dynamically (\(interpreter)), so it runs in few images",
                fix: "install the agent that is built with acode")
        case .notELF: .fail("agent", "\(path) is no Linux program", fix: "install the agent that is built with acode")
        }
    }
}
