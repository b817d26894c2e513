"""A neutral catalogue, to begin with: families with their categories, named in five languages."""

NEUTRAL: tuple[tuple[dict[str, str], str, tuple[tuple[str, dict[str, str]], ...]], ...] = (
    ({"en": "E-mail and collaboration", "fr": "E-mail et collaboration", "de": "E-Mail und Zusammenarbeit",
      "es": "Correo y colaboración", "it": "E-mail e collaborazione"}, "mail", (
        ("mail", {"en": "E-mail", "fr": "Messagerie", "de": "E-Mail-Dienst", "es": "Correo electrónico",
                  "it": "Posta elettronica"}),
        ("drive", {"en": "File storage", "fr": "Stockage de fichiers", "de": "Dateiablage",
                   "es": "Almacenamiento de archivos", "it": "Archivio di file"}),
        ("chat", {"en": "Team chat", "fr": "Messagerie d’équipe", "de": "Team-Chat", "es": "Chat de equipo",
                  "it": "Chat del team"}))),
    ({"en": "Web and domain names", "fr": "Web et noms de domaine", "de": "Web und Domainnamen",
      "es": "Web y nombres de dominio", "it": "Web e nomi di dominio"}, "globe", (
        ("domain", {"en": "Domain name", "fr": "Nom de domaine", "de": "Domainname", "es": "Nombre de dominio",
                    "it": "Nome di dominio"}),
        ("hosting", {"en": "Web hosting", "fr": "Hébergement web", "de": "Webhosting", "es": "Alojamiento web",
                     "it": "Hosting web"}))),
    ({"en": "Events and ticketing", "fr": "Événements et billetterie", "de": "Veranstaltungen und Ticketverkauf",
      "es": "Eventos y venta de entradas", "it": "Eventi e biglietteria"}, "ticket", (
        ("ticketing", {"en": "Ticketing", "fr": "Billetterie", "de": "Ticketverkauf", "es": "Venta de entradas",
                       "it": "Biglietteria"}),)),
    ({"en": "Applications", "fr": "Applications", "de": "Anwendungen", "es": "Aplicaciones",
      "it": "Applicazioni"}, "plug", (
        ("oidc_app", {"en": "Application with single sign-on", "fr": "Application avec connexion unique",
                      "de": "Anwendung mit einmaliger Anmeldung", "es": "Aplicación con inicio de sesión único",
                      "it": "Applicazione con accesso unico"}),
        ("gated_app", {"en": "Protected application", "fr": "Application protégée", "de": "Geschützte Anwendung",
                       "es": "Aplicación protegida", "it": "Applicazione protetta"}),
        ("link", {"en": "Link", "fr": "Lien", "de": "Link", "es": "Enlace", "it": "Link"}))),
    ({"en": "Support", "fr": "Assistance", "de": "Unterstützung", "es": "Asistencia", "it": "Assistenza"},
     "life-buoy", (
        ("support", {"en": "Premium support", "fr": "Assistance premium", "de": "Premium-Support",
                     "es": "Asistencia premium", "it": "Assistenza premium"}),)),
)
