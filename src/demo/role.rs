//! Who can call in the demo, with what they bring and what they ask for.

use clap::ValueEnum;

/// A caller of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Nobody: past Fieldgate, straight to the legacy API
    Legacy,
    /// Works at a counter
    Teller,
    /// Runs the branch
    Manager,
    /// Is customer 1001
    #[value(name = "self")]
    Customer,
    /// The partner company acme
    Partner,
}

impl Role {
    /// Every role, in the order they are shown.
    pub const ALL: [Role; 5] = [
        Role::Legacy,
        Role::Teller,
        Role::Manager,
        Role::Customer,
        Role::Partner,
    ];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Role::Legacy => "legacy",
            Role::Teller => "teller",
            Role::Manager => "manager",
            Role::Customer => "self",
            Role::Partner => "partner",
        }
    }

    /// The file below the project that holds the role's token, where it has one.
    pub fn token(self) -> Option<&'static str> {
        match self {
            Role::Teller => Some("clients/teller.jwt"),
            Role::Manager => Some("clients/manager.jwt"),
            Role::Customer => Some("clients/self.jwt"),
            Role::Legacy | Role::Partner => None,
        }
    }

    /// The files below the project that hold the role's certificate and its key, where it has one.
    pub fn certificate(self) -> Option<(&'static str, &'static str)> {
        match self {
            Role::Partner => Some(("clients/acme.pem", "clients/acme.key")),
            Role::Legacy | Role::Teller | Role::Manager | Role::Customer => None,
        }
    }

    /// What `demo call` asks for: the partner may read lists and nothing else.
    pub fn target(self) -> &'static str {
        match self {
            Role::Partner => LIST,
            Role::Legacy | Role::Teller | Role::Manager | Role::Customer => SINGLE,
        }
    }
}

/// One customer.
pub const SINGLE: &str = "/customers/1001";
/// A list of one customer, the same.
pub const LIST: &str = "/customers?page=1&size=1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_the_command_line_takes() {
        for role in Role::ALL {
            let value = role.to_possible_value().unwrap();
            assert_eq!(value.get_name(), role.name());
        }
        assert_eq!(Role::value_variants(), Role::ALL);
    }
}
