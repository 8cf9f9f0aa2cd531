//! The names of entities: types in the namespace of the rules.

use std::fmt;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, ParseErrors};

/// The last part of the type of every action.
pub(super) const ACTION: &str = "Action";

/// The types of entities, in a namespace or in none.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    namespace: Option<String>,
    user: EntityTypeName,
    user_group: EntityTypeName,
    service: EntityTypeName,
    service_group: EntityTypeName,
    anonymous: EntityTypeName,
    action: EntityTypeName,
    application: EntityTypeName,
}

/// The string is not a namespace of Cedar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidNamespace;

impl fmt::Display for InvalidNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a namespace of Cedar: identifiers with `::` between them")
    }
}

impl std::error::Error for InvalidNamespace {}

impl Names {
    /// The names in this namespace.
    ///
    /// # Errors
    /// [`InvalidNamespace`]
    pub(crate) fn new(namespace: Option<&str>) -> Result<Self, InvalidNamespace> {
        let of = |name: &str| {
            let name = namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}::{name}"));
            name.parse().map_err(|_: ParseErrors| InvalidNamespace)
        };
        Ok(Self {
            namespace: namespace.map(str::to_owned),
            user: of("User")?,
            user_group: of("UserGroup")?,
            service: of("Service")?,
            service_group: of("ServiceGroup")?,
            anonymous: of("Anonymous")?,
            action: of(ACTION)?,
            application: of("Application")?,
        })
    }

    #[cfg(feature = "tools")]
    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// A user, by the pool's id or the issuer's name, and the subject.
    pub(super) fn user(&self, realm: &str, subject: &str) -> EntityUid {
        entity(&self.user, &format!("{realm}|{subject}"))
    }

    /// A group of users. Groups of two issuers differ, whatever they are called.
    pub(super) fn user_group(&self, realm: &str, group: &str) -> EntityUid {
        entity(&self.user_group, &format!("{realm}|{group}"))
    }

    pub(super) fn service(&self, id: &str) -> EntityUid {
        entity(&self.service, id)
    }

    pub(super) fn service_group(&self, group: &str) -> EntityUid {
        entity(&self.service_group, group)
    }

    pub(super) fn anonymous(&self) -> EntityUid {
        entity(&self.anonymous, "anonymous")
    }

    /// An action of the namespace.
    pub(super) fn action(&self, id: &str) -> EntityUid {
        entity(&self.action, id)
    }

    /// What every request is about: the namespace, or else the API.
    pub(super) fn application(&self, api: &str) -> EntityUid {
        entity(&self.application, self.namespace.as_deref().unwrap_or(api))
    }
}

fn entity(type_name: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(type_name.clone(), EntityId::new(id))
}
